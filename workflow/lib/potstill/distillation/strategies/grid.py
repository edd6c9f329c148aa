"""Pick one frame of each cell of a grid in the (H, O) plane.

H holds the energy, so every candidate must be labelled before the first is picked.
"""

import numpy as np

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick
from potstill.paper.grid_cells import grid_indices
from potstill.settings import Distillation

NEEDS_SCORES = False
NEEDS_LABELS = True


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
