"""Pick the frames that hold the least certain atoms: the largest sigma_i, not against its frame."""

import numpy as np

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick, highest, largest_atoms
from potstill.settings import Distillation

NEEDS_SCORES = True
NEEDS_LABELS = False


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return the frames with max sigma_i > settings.sigma_meV, or the `count` highest without.

    sigma_i: standard deviation over the members of the energy of atom i.
    """
    sigma = 1e3 * candidates.atomic_std
    worst, largest = largest_atoms(sigma, candidates.own)
    rows = highest(largest, count, settings.sigma_meV)
    return Pick(rows, [f"atom {worst[r]} has sigma = {largest[r]:.2f} meV" for r in rows])
