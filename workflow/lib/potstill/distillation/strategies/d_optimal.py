"""Pick the frames that determine a linear model of the energy best: D-optimality, by maxvol.

A frame is the row of a linear model of its energy per atom: the share of each element in its atoms,
and for each element the sum over its atoms of the standardised symmetry functions by the number of
all atoms; of one element that is x = (1, mean of the functions). The rows picked shall have the
largest det(X'X), X those picked and those kept: greedy choice (rect-maxvol: Mikhalev and Oseledets,
Linear Algebra Appl. 538, 187 (2018)), then exchanges while one raises the determinant (Fedorov,
1972), as maxvol does for square matrices. As in Podryabinkin and Shapeev, Comput. Mater. Sci. 140,
171 (2017).
"""

import numpy as np
from numpy.typing import NDArray

from potstill.distillation.candidates import Candidates
from potstill.distillation.moments import Moments
from potstill.distillation.strategies import Pick
from potstill.settings import Distillation

NEEDS_SCORES = False
NEEDS_LABELS = False

Floats = NDArray[np.float64]

# Of an exchange: the least gain in the determinant, and how often all picked rows are tried.
GAIN = 1.01
SWEEPS = 5
# Beside rows of order one; keeps the matrix regular before there are as many rows as columns.
RIDGE = 1e-6


def greedy_rows(rows: Floats, kept: Floats, count: int) -> NDArray[np.int64]:
    """Return `count` of the rows (B, D), each the one that raises det(X'X) most after those before.

    X: the rows before it and those kept (K, D). So the first n are what n would have been.
    """
    gram = _gram(kept)
    free = np.ones(len(rows), dtype=bool)
    picked = np.empty(count, dtype=np.int64)
    for place in range(count):
        row = picked[place] = np.where(free, _leverage(rows, gram), -1).argmax()
        gram += np.outer(rows[row], rows[row])
        free[row] = False
    return picked


def maxvol_rows(rows: Floats, kept: Floats, count: int) -> NDArray[np.int64]:
    """Return which `count` rows (B, D), with the rows kept (K, D), have the largest det(X'X).

    No exchange of a picked row for another raises the determinant by more than 1%, unless the
    sweeps run out.
    """
    picked = greedy_rows(rows, kept, count)
    gram = _gram(kept)
    for row in picked:
        gram += np.outer(rows[row], rows[row])
    free = np.ones(len(rows), dtype=bool)
    free[picked] = False
    for _ in range(SWEEPS):
        exchanged = False
        for place, old in enumerate(picked):
            without = gram - np.outer(rows[old], rows[old])
            # det(A + xx') = det(A) (1 + x'A^-1 x)
            leverage = _leverage(rows, without)
            new = int(np.where(free, leverage, -1).argmax())
            if free.any() and 1 + leverage[new] > GAIN * (1 + leverage[old]):
                gram = without + np.outer(rows[new], rows[new])
                free[old], free[new] = True, False
                picked[place], exchanged = new, True
        if not exchanged:
            break
    return picked


def _gram(kept: Floats) -> Floats:
    """Return X'X of the rows kept, regular by the ridge."""
    return RIDGE * np.eye(kept.shape[1]) + kept.T @ kept


def _leverage(rows: Floats, gram: Floats) -> Floats:
    """Return by how much each row more would multiply det(gram), less 1."""
    return np.asarray(np.einsum("ij,ij->i", rows @ np.linalg.inv(gram), rows))


def model_rows(frames: Moments) -> Floats:
    """Return the rows of the linear model of S elements, (F, S + SD)."""
    count, elements, width = frames.mean.shape
    by_atom = (frames.share[:, :, None] * frames.mean).reshape(count, elements * width)
    return np.concatenate([frames.share, by_atom], axis=1)


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return `count` frames of (nearly) largest determinant together with those kept."""
    rows, kept = map(model_rows, candidates.moments)
    picked = maxvol_rows(rows, kept, count)
    return Pick(picked, ["raises the determinant of the linear model"] * count)
