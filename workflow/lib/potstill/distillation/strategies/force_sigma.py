"""Pick the frames with the least certain forces: the largest sigma of the force on an atom.

For network potentials: Zhang et al., Phys. Rev. Materials 3, 023804 (2019), DP-GEN, which looks at
the same largest deviation of a frame.
"""

import numpy as np

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick, highest, largest_atoms
from potstill.settings import Distillation

NEEDS_SCORES = True
NEEDS_FORCES = True
NEEDS_LABELS = False


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return the `count` frames with the largest sigma of the force on one of their atoms.

    sigma: root mean square over members and components of the members' forces about their mean.
    """
    sigma = 1e3 * candidates.force_std
    worst, largest = largest_atoms(sigma, candidates.own)
    rows = highest(largest, count, None)
    reasons = [f"the force on atom {worst[r]} has sigma = {largest[r]:.1f} meV/A" for r in rows]
    return Pick(rows, reasons)
