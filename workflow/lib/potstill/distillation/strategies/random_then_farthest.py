"""Draw half of the frames at random, then pick each time the frame farthest from all before it.

The first half stands for where the most frames are, the second for the rare ones that chance
leaves out; `farthest_point` alone spends most frames on the rare, `random` hardly any.
"""

import numpy as np

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick, random
from potstill.distillation.strategies.farthest_point import farthest_points, reasons
from potstill.settings import Distillation

NEEDS_SCORES = False
NEEDS_LABELS = False


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return `count` frames, of which half (rounded up) are drawn at random."""
    drawn = random.pick(candidates, (count + 1) // 2, settings, generator)
    points, kept = candidates.features
    left = np.setdiff1d(np.arange(len(points)), drawn.rows)
    before = np.concatenate([kept, points[drawn.rows]])
    places, distances = farthest_points(points[left], before, count - len(drawn.rows), generator)
    return Pick(np.concatenate([drawn.rows, left[places]]), drawn.reasons + reasons(distances))
