"""Loops of rounds that a summary may end, so that their length may be known only as they run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from potstill.plan.plan import Plan


class Rounds:
    """The loops of a configuration as the rules ask them.

    summary: returns the summary of an element's round, or makes Snakemake wait for it.
    """

    def __init__(self, plan: Plan, summary: Callable[[str, int], str]) -> None:
        self.plan = plan
        self.summary = summary

    def ended(self, element: str, rounds: range, ends: Callable[[Any], bool]) -> int:
        """Return the first of the rounds whose summary ends the loop, or the one after them all."""
        for number in rounds:
            if ends(json.loads(Path(self.summary(element, number)).read_text())):
                return number
        return rounds.stop
