"""Pick the frames in which one atom's uncertainty stands out from those of the other atoms.

z_i = (sigma_i - mean(sigma)) / std(sigma), mean and (population) standard deviation over the atoms
of the frame; a frame is picked when its largest z_i exceeds the threshold z* (Jung, Lee and Choi,
arXiv:2311.05407).
"""

import math

import numpy as np
from numpy.typing import NDArray

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick, highest
from potstill.errors import PotstillError
from potstill.settings import Distillation

NEEDS_SCORES = True
NEEDS_LABELS = False

# Uncertainties of a frame's atoms that differ by less are alike, as in a perfect crystal, where
# rounding alone parts them: a hundredth of a percent of the usual ones.
SMALLEST_SPREAD_EV = 1e-7


def outlying_scores(atomic_std: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return z (B, N) of uncertainties (B, N), eV; near zero where a frame's atoms are alike."""
    centred = atomic_std - atomic_std.mean(axis=1, keepdims=True)
    spread = np.maximum(atomic_std.std(axis=1, keepdims=True), SMALLEST_SPREAD_EV)
    return np.asarray(centred / spread)


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return the frames with max z_i > settings.threshold, or the `count` highest without one.

    Raises PotstillError when no frame of N atoms could ever pass: one atom against N - 1 equal
    ones has z = sqrt(N - 1), and nothing is larger.
    """
    atoms = candidates.atoms
    limit = math.sqrt(atoms - 1)
    if settings.threshold is not None and settings.threshold >= limit:
        raise PotstillError(
            f"distillation.{candidates.symbol}.threshold: {settings.threshold:g} can never be "
            f"exceeded by frames of {atoms} atoms, whose z is at most sqrt({atoms - 1}) = "
            f"{limit:.3f}; lower it"
        )
    z = outlying_scores(candidates.atomic_std)
    rows = highest(z.max(axis=1), count, settings.threshold)
    reasons = [f"atom {z[row].argmax()} has z = {z[row].max():.3f}" for row in rows]
    return Pick(rows, reasons)
