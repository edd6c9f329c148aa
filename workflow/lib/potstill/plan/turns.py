"""The files of the exploration loop, whose length is known only as it runs."""

from typing import Any

from potstill.plan.plan import Files
from potstill.plan.rounds import Rounds
from potstill.settings.exploration import GOALS, is_enough
from potstill.settings.names import EXPLORED_BY_TURN, TURN_MODEL


class Turns(Rounds):
    """The exploration loops of a configuration; turn 0 is the frames to begin with."""

    def last(self, element: str) -> int:
        """Return the number of the loop's last turn."""
        loop = self.plan.setting("exploration", element)
        last: int = loop.turns
        if not loop.goals:
            return last  # the whole graph is known from the start
        return self.ended(element, range(1, last), lambda told: is_enough(told, loop.goals))

    def explored(self, element: str) -> dict[str, Any]:
        """Return what a turn depends on: the loop's settings without what ends it."""
        loop = self.plan.setting("exploration", element)
        made: dict[str, Any] = loop.model_dump(mode="json", exclude={"turns", *GOALS})
        return made

    def labelled(self, element: str, turn: int | None = None) -> str:
        """Return what is labelled after a turn, or after the last one."""
        turn = self.last(element) if turn is None else turn
        return f"<results>/{EXPLORED_BY_TURN.make(element=element, iteration=turn)}.h5"

    def explorer(self, element: str, turn: int) -> Files:
        """Return the model that leads a turn, and what it was trained on."""
        name = TURN_MODEL.make(element=element, iteration=turn - 1)
        return {
            "model": f"<results>/models/{name}/ensemble.pt",
            "labelled": self.labelled(element, turn - 1),
        }

    def start(self, element: str) -> str:
        """Return the set of the frames to begin with."""
        return f"<results>/sampling/{self.plan.setting('exploration', element).start}.h5"

    def inputs(self, element: str, turn: int) -> Files:
        """Return what a turn's data are made of: those before it, and what it has labelled."""
        folder = f"<results>/exploration/{element}/{turn}"
        return {
            "model": self.explorer(element, turn)["model"],
            "labelled_before": self.labelled(element, turn - 1),
            "explored": f"{folder}/frames.json",
            "new": f"{folder}/relabelled.h5",
            "failures": f"{folder}/relabelled.json",
        }

    def summaries(self, element: str) -> list[str]:
        """Return the summaries of all turns."""
        folder = f"<results>/exploration/{element}"
        return [f"{folder}/{turn}/summary.json" for turn in range(self.last(element) + 1)]
