"""What a trained ensemble knows: where it can be trusted, and by what its sigma is too small.

Both are found on the frames that it was trained on, of which each member left some out.
"""

from dataclasses import replace

import numpy as np

from potstill.data.frames import Frames
from potstill.data.structures import Floats, Mask
from potstill.descriptors.elements import element_numbers
from potstill.models.ensemble import Ensemble
from potstill.models.predict import Members, predict_members
from potstill.trust.assessment import SMALLEST_SIGMA_EV, SMALLEST_SIGMA_EV_PER_A, member_spread
from potstill.trust.calibration import Calibration, calibrate
from potstill.trust.last_layer import LastLayer
from potstill.trust.limits import Trust, limits
from potstill.trust.surroundings import Surroundings

# Atoms that are looked at, in frames spread over all: 1,000 frames of 32 tell limits of 1%.
ATOMS = 32_000


def learn_trust(ensemble: Ensemble, frames: Frames, held: Mask) -> Ensemble:
    """Return the ensemble with what it knows.

    frames: all that it was trained on; held (M, F): which of them each member left out.
    """
    count = max(1, ATOMS * len(frames) // len(frames.species))
    rows = frames.spread_rows(min(len(frames), count))
    looked, held = frames[rows], held[:, rows]
    numbers = element_numbers(looked, ensemble.elements)
    found = predict_members(ensemble, looked)
    of_frame = np.repeat(np.arange(len(looked)), looked.sizes)
    surroundings = Surroundings.of(found.x, numbers, of_frame, len(ensemble.elements))
    last_layer = LastLayer.of(found.last)
    energy, force = _energy(found, looked, held), _force(ensemble, found, looked, held)
    limited = limits(
        found.energies.std(axis=0) / looked.sizes,
        last_layer.leverage(found.last, known=True),
        member_spread(found.forces),
        surroundings.distances(found.x, numbers, of_frame),
        looked.sizes,
        energy,
        force,
    )
    return replace(ensemble, trust=Trust(surroundings, last_layer, limited, energy, force))


def _energy(found: Members, frames: Frames, held: Mask) -> Calibration:
    """Return the calibration of a frame's energy."""
    label = frames.need("energy", "training")
    held = held & frames.has("energy")
    return calibrate(found.energies[..., None], label[:, None], held, smallest=SMALLEST_SIGMA_EV)


def _force(ensemble: Ensemble, found: Members, frames: Frames, held: Mask) -> Calibration:
    """Return the calibration of the forces on an atom; of no force where none is trained on."""
    trained_on = frames.forces if ensemble.settings.forces else None
    label: Floats = np.zeros_like(frames.positions) if trained_on is None else trained_on
    told = frames.has("forces") & (trained_on is not None)
    held = np.repeat(held & told, frames.sizes, axis=1)
    return calibrate(found.forces, label, held, smallest=SMALLEST_SIGMA_EV_PER_A)
