"""What a model knows, as its file keeps it: the surroundings trained on, limits, calibration."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from potstill.data.structures import Floats, Indices
from potstill.trust.calibration import Calibration
from potstill.trust.surroundings import Surroundings, frame_distances

# How far above high quantiles of the frames trained on the limits are: on these, of frames like
# those trained on hardly one in a hundred is outside (docs/trust.md).
_OF_ENERGY = (0.90, 2.5)
_OF_FORCE = (0.99, 10.0)
_OF_ATOM = (0.99, 1.5)
_OF_FRAME = (0.95, 1.05)
# What a limit is at least, so that it can be divided by.
SMALLEST = 1e-12


class Limits(NamedTuple):
    """Beyond what a prediction is not to be trusted as those on frames trained on.

    energy_eV_per_atom, force_eV_per_A: of sigma; atom_distance, frame_distance: of an atom from
    the surroundings trained on, and of the root mean square over a frame's atoms.
    """

    energy_eV_per_atom: float
    force_eV_per_A: float
    atom_distance: float
    frame_distance: float


@dataclass(frozen=True)
class Trust:
    """What a model knows; energy, force: the calibration of their sigma."""

    surroundings: Surroundings
    limits: Limits
    energy: Calibration
    force: Calibration


def limits(
    energy_std: Floats,
    force_std: Floats,
    distance: Floats,
    sizes: Indices,
    energy: Calibration,
    force: Calibration,
) -> Limits:
    """Return the limits that frames trained on give.

    energy_std (F,): eV an atom; force_std (A,): eV/A; distance (A,): from atoms of other frames;
    sizes (F,): numbers of atoms; energy, force: the calibration of either.
    """
    known = np.isfinite(distance)
    frames = frame_distances(distance, sizes)
    return Limits(
        energy.growth * _limit(energy_std, *_OF_ENERGY),
        force.growth * _limit(force_std, *_OF_FORCE),
        _limit(distance[known], *_OF_ATOM),
        _limit(frames[np.isfinite(frames)], *_OF_FRAME),
    )


def _limit(values: Floats, quantile: float, factor: float) -> float:
    """Return a multiple of a quantile, or what nothing is below where there is no value."""
    found = factor * float(np.quantile(values, quantile)) if len(values) else 0.0
    return max(found, SMALLEST)
