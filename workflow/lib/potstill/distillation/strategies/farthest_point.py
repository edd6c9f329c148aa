"""Pick each time the frame that is farthest from all frames picked or kept so far.

Gonzalez, Theor. Comput. Sci. 38, 293 (1985): the largest distance from a frame to its nearest
picked one is then at most twice the least possible. Frames are points: the mean and deviation over
their atoms of the standardised symmetry functions, element by element, and of several elements the
share of each.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick
from potstill.settings import Distillation

NEEDS_SCORES = False
NEEDS_LABELS = False

Floats = NDArray[np.float64]


def farthest_points(
    points: Floats, kept: Floats, count: int, generator: np.random.Generator
) -> tuple[NDArray[np.int64], Floats]:
    """Return the order of `count` of the points (B, D), and how far each was from those before.

    kept (K, D): points that are there already; without any, the first is drawn at random and its
    distance is infinite.
    """
    nearest = np.full(len(points), np.inf)
    for first in range(0, len(kept), 256):
        nearest = np.minimum(nearest, cdist(points, kept[first : first + 256]).min(axis=1))
    rows, distances = np.empty(count, dtype=np.int64), np.empty(count)
    for k in range(count):
        row = int(generator.integers(len(points))) if np.isinf(nearest[0]) else nearest.argmax()
        rows[k], distances[k] = row, nearest[row]
        nearest = np.minimum(nearest, np.sqrt(((points - points[row]) ** 2).sum(axis=1)))
        nearest[rows[: k + 1]] = -1.0  # equal frames must not bring a frame back
    return rows, distances


def reasons(distances: Floats) -> list[str]:
    """Return why each frame was picked: how far it was from those before it."""
    return [f"{d:.3f} from the nearest frame picked before it" for d in distances]


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return `count` frames, each the farthest from those before it."""
    rows, distances = farthest_points(*candidates.features, count, generator)
    return Pick(rows, reasons(distances))
