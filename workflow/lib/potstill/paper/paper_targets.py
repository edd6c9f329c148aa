"""The paper's files asked for by name: one line for what the configuration lacks for them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from potstill.errors import PotstillError
from potstill.paper.paper_plan import PaperPlan
from potstill.plan.plan import Plan
from potstill.settings import StrategyName
from potstill.settings.complaints import did_you_mean

Made = dict[str, Callable[[], Any]]


def checks(paper: PaperPlan, made: Made) -> Callable[[Plan, tuple[str, ...]], None]:
    """Return what raises PotstillError for a file of the paper that can't be made.

    made: figures and tables by the name of their files.
    """

    def check(plan: Plan, parts: tuple[str, ...]) -> None:
        match parts:
            case ("study", element, *rest):
                paper.study(element)
                names = ("start", *get_args(StrategyName))
                if len(rest) == 4 and rest[0] not in names:
                    raise PotstillError(
                        f"study: '{rest[0]}' is no strategy; use one of {', '.join(names[1:])}"
                        f"{did_you_mean(rest[0], names)}"
                    )
            case ("figures" | "tables", file):
                name = Path(file).stem
                if name in made:
                    made[name]()
                elif found := re.fullmatch("translation_(.+)", name):
                    paper.test_of(found[1])

    return check
