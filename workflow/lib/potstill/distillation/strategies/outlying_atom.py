"""Pick the frames in which one atom's uncertainty stands out from those of the other atoms.

z_i = (sigma_i - mean(sigma)) / std(sigma), mean and (population) standard deviation over the atoms
of the frame; a frame is picked when its largest z_i exceeds the threshold z* (Jung, Lee and Choi,
arXiv:2311.05407).
"""

import math

import numpy as np

from potstill.data.structures import Floats, Indices, frame_means
from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick, highest, largest_atoms
from potstill.errors import PotstillError
from potstill.settings import Distillation

NEEDS_SCORES = True
NEEDS_LABELS = False

# Uncertainties of a frame's atoms that differ by less are alike, as in a perfect crystal, where
# rounding alone parts them: a hundredth of a percent of the usual ones.
SMALLEST_SPREAD_EV = 1e-7


def outlying_scores(atomic_std: Floats, sizes: Indices) -> Floats:
    """Return z of the uncertainties of frames' atoms, (A,), eV, of which frame b has sizes[b].

    Near zero where a frame's atoms are alike.
    """
    centred = atomic_std - np.repeat(frame_means(atomic_std, sizes), sizes)
    spread = np.maximum(np.sqrt(frame_means(centred**2, sizes)), SMALLEST_SPREAD_EV)
    return np.asarray(centred / np.repeat(spread, sizes))


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return the frames with max z_i > settings.threshold, or the `count` highest without one.

    Raises PotstillError when no frame could ever pass: of N atoms, one against N - 1 equal ones has
    z = sqrt(N - 1), and nothing is larger.
    """
    frames = candidates.own
    atoms = int(frames.sizes.max())
    of_atoms = f"{'' if frames.is_uniform else 'at most '}{atoms} atoms"
    limit = math.sqrt(atoms - 1)
    if settings.threshold is not None and settings.threshold >= limit:
        raise PotstillError(
            f"distillation.{candidates.symbol}.threshold: {settings.threshold:g} can never be "
            f"exceeded by frames of {of_atoms}, whose z is at most sqrt({atoms - 1}) = "
            f"{limit:.3f}; lower it"
        )
    z = outlying_scores(candidates.atomic_std, frames.sizes)
    worst, largest = largest_atoms(z, frames)
    rows = highest(largest, count, settings.threshold)
    return Pick(rows, [f"atom {worst[row]} has z = {largest[row]:.3f}" for row in rows])
