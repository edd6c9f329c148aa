"""Pick the frames whose energy is the least certain: query by committee (Seung et al., 1992).

For network potentials: Smith et al., J. Chem. Phys. 148, 241733 (2018), with the same 1/sqrt(N).
"""

import numpy as np

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick, highest
from potstill.settings import Distillation

NEEDS_SCORES = True
NEEDS_LABELS = False


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return the frames with sigma / sqrt(N) > settings.sigma_meV, or the `count` highest without.

    sigma: standard deviation over the members of the energy of the frame of N atoms.
    """
    sigma = 1e3 * candidates.energy_std / np.sqrt(candidates.own.sizes)
    rows = highest(sigma, count, settings.sigma_meV)
    return Pick(rows, [f"sigma/sqrt(N) = {sigma[row]:.2f} meV" for row in rows])
