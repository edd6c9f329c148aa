"""What a model knows, as its file keeps it: the surroundings trained on, limits, calibration."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from potstill.data.structures import Floats, Indices
from potstill.trust.calibration import Calibration
from potstill.trust.last_layer import LastLayer
from potstill.trust.surroundings import Surroundings, frame_distances

# How far above high quantiles of the frames trained on the limits are: on these, of frames like
# those trained on hardly one in a hundred has a flag (docs/notes/trust.md).
_OF_ENERGY = (0.90, 2.5)
_OF_LEVERAGE = (0.90, 2.0)
_OF_FORCE = (0.99, 10.0)
_OF_ATOM = (0.99, 1.5)
_OF_FRAME = (0.95, 1.0)
# An energy that is known to 1 meV/atom, as DFT codes hardly agree, is no reason for a flag.
SMALL_ERROR_EV = 1e-3
# What a limit is at least, so that it can be divided by.
SMALLEST = 1e-12


class Limits(NamedTuple):
    """Beyond what a prediction is not to be trusted as those on frames trained on.

    energy_eV_per_atom, force_eV_per_A: of sigma; leverage: of the last layer; atom_distance,
    frame_distance: of an atom from the surroundings trained on, and of the root mean square over a
    frame's atoms.
    """

    energy_eV_per_atom: float
    leverage: float
    force_eV_per_A: float
    atom_distance: float
    frame_distance: float


@dataclass(frozen=True)
class Trust:
    """What a model knows; energy, force: the calibration of their sigma."""

    surroundings: Surroundings
    last_layer: LastLayer
    limits: Limits
    energy: Calibration
    force: Calibration


def limits(
    energy_std: Floats,
    leverage: Floats,
    force_std: Floats,
    distance: Floats,
    sizes: Indices,
    energy: Calibration,
    force: Calibration,
) -> Limits:
    """Return the limits that frames trained on give.

    energy_std (F,): eV an atom; leverage (F,): as if not trained on; force_std (A,): eV/A; distance
    (A,): from atoms of other frames; sizes (F,): numbers of atoms; energy, force: the calibration
    of either.
    """
    known = np.isfinite(distance)
    frames = frame_distances(distance, sizes)
    of_energy = energy.growth * _limit(energy_std, *_OF_ENERGY)
    # the error expected at the limit; where labels did not tell, nothing is raised
    expected = of_energy * energy.within[0]
    raised = max(1.0, SMALL_ERROR_EV / expected) if expected > 0 else 1.0
    return Limits(
        raised * of_energy,
        raised * _limit(leverage, *_OF_LEVERAGE),
        force.growth * _limit(force_std, *_OF_FORCE),
        _limit(distance[known], *_OF_ATOM),
        _limit(frames[np.isfinite(frames)], *_OF_FRAME),
    )


def _limit(values: Floats, quantile: float, factor: float) -> float:
    """Return a multiple of a quantile, or what nothing is below where there is no value."""
    found = factor * float(np.quantile(values, quantile)) if len(values) else 0.0
    return max(found, SMALLEST)
