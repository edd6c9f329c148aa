"""Pick one frame of each cell of a grid in the (H, O) plane.

H holds the energy, so every candidate must be labelled before the first is picked.
"""

import numpy as np
from numpy.typing import NDArray

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick
from potstill.settings import Distillation

NEEDS_SCORES = False
NEEDS_LABELS = True

Floats = NDArray[np.float64]


def _cell_index(values: Floats, cells: int) -> NDArray[np.int64]:
    """Return which of `cells` equal parts of [min, max] each value lies in (the last is closed)."""
    low, high = values.min(), values.max()
    if high == low:
        return np.zeros(len(values), dtype=np.int64)
    return np.minimum((values - low) / (high - low) * cells, cells - 1).astype(np.int64)


def grid_indices(
    enthalpy: Floats, order: Floats, cells: tuple[int, int], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Return the index of one random frame in each occupied cell, in increasing order.

    The cells divide the range of `enthalpy` (F,) and of `order` (F,) in equal parts.
    """
    cell = _cell_index(enthalpy, cells[0]) * cells[1] + _cell_index(order, cells[1])
    shuffled = generator.permutation(len(cell))
    # the first frame of each cell in a random order is a uniform draw from that cell
    _, first = np.unique(cell[shuffled], return_index=True)
    return np.sort(shuffled[first])


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return one frame of each of `count` cells of the coarsest n x n grid that has as many.

    Where more cells hold frames, `count` of them are drawn; where no grid up to 1024 x 1024 has so
    many (frames with equal H and O), frames drawn at random fill up.
    """
    enthalpy, order = candidates.plane
    cells, rows = 1, np.empty(0, dtype=np.int64)
    while len(rows) < count and cells < 1024:
        cells = max(cells + 1, round(1.05 * cells))
        rows = grid_indices(enthalpy, order, (cells, cells), generator)
    rows = np.sort(generator.permutation(rows)[:count])
    left = np.setdiff1d(np.arange(len(candidates)), rows)
    filled = generator.permutation(left)[: count - len(rows)]
    reasons = [f"its cell of {cells} x {cells}: H/N = {enthalpy[r]:.4f} eV, O/N = {order[r]:.4f}"
               for r in rows]  # fmt: skip
    return Pick(np.concatenate([rows, filled]), reasons + ["drawn at random"] * len(filled))
