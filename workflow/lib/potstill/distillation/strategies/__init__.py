"""Selection strategies, one file each: a module here named `x` is the strategy `x`.

A strategy module has a function `pick` of the type `Picker`, and says in `NEEDS_SCORES` whether it
asks a trained ensemble, and in `NEEDS_LABELS` whether it looks at labels of frames that it then
drops, which have to be paid for all the same. One that asks for the forces of the ensemble's
members, which cost a few times what energies do, says so in `NEEDS_FORCES`. A new file is found by
its name alone; only the list of names in the settings changes.
"""

import importlib
import pkgutil
from typing import Any, NamedTuple, Protocol

import numpy as np

from potstill.data.structures import Floats, Indices, Structures
from potstill.distillation.candidates import Candidates
from potstill.errors import PotstillError
from potstill.settings import Distillation


class Pick(NamedTuple):
    """What a strategy picks: rows of the candidates (0 to B - 1), and for each why, in words."""

    rows: Indices
    reasons: list[str]


class Picker(Protocol):
    """The type of a strategy module's `pick`."""

    def __call__(
        self,
        candidates: Candidates,
        count: int,
        settings: Distillation,
        generator: np.random.Generator,
    ) -> Pick:
        """Return `count` of the candidates, each row at most once.

        A strategy with a rule of its own in `settings` (a threshold, a radius) returns as many
        frames as that rule says, whatever `count`.
        """
        ...


class Strategy(NamedTuple):
    """A strategy: its function, and what it needs beside positions and cells."""

    pick: Picker
    needs_scores: bool
    needs_forces: bool
    needs_labels: bool


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
    forces = getattr(module, "NEEDS_FORCES", False)
    return Strategy(module.pick, module.NEEDS_SCORES, forces, module.NEEDS_LABELS)


def largest_atoms(values: Floats, frames: Structures) -> tuple[Indices, Floats]:
    """Return which atom of each frame has the largest of the atoms' values (A,), and this (B,)."""
    places = map(frames.of_atoms_in, range(len(frames)))
    atom = np.array([values[place].argmax() for place in places], dtype=np.int64)
    return atom, values[frames.start[:-1] + atom]


def highest(values: Floats, count: int, threshold: float | None) -> Indices:
    """Return the rows of all values above a threshold, or without one of the `count` highest."""
    if threshold is not None:
        return np.flatnonzero(values > threshold)
    return np.argsort(-values, kind="stable")[:count]
