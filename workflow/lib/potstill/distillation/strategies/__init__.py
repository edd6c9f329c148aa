"""Selection strategies, one file each: a module here named `x` is the strategy `x`.

A strategy module has one function, `pick`, of the type `Strategy`. A new file is found by its name
alone; no other code changes.
"""

import importlib
import pkgutil
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from potstill.distillation.scores import BlockScores
from potstill.errors import PotstillError
from potstill.sections import Distillation


class Pick(NamedTuple):
    """What a strategy picks: rows of the block (0 to B - 1), and for each the reason in words."""

    rows: NDArray[np.int64]
    reasons: list[str]


class Strategy(Protocol):
    """The interface of a strategy module's `pick`."""

    def __call__(
        self, scores: BlockScores, settings: Distillation, generator: np.random.Generator
    ) -> Pick:
        """Return the frames of the block to add to the data set, each row at most once."""
        ...


def names() -> list[str]:
    """Return the names of all strategies."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(name: str) -> Strategy:
    """Return the strategy called `name`; PotstillError lists the known ones."""
    if name not in names():
        raise PotstillError(
            f"distillation.<element>.strategy: '{name}' is unknown; use one of {', '.join(names())}"
        )
    module: Any = importlib.import_module(f"{__name__}.{name}")
    pick: Strategy = module.pick
    return pick
