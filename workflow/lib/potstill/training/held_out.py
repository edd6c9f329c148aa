"""What networks say of the frames that they did not train on, the frames that a member held out.

Each member holds frames of its own out (`training.loop.split`). What is compared with the label of
such a frame is the mean over the members that held it out: fewer networks than a prediction's, so
that its errors are a little larger than those of the ensemble in new frames. Sigma is that of all
members, most of which trained on the frame, so that it is smaller than in new frames;
`trust.calibration` makes up for both.
"""

from dataclasses import replace

import numpy as np

from potstill.data.frames import Frames
from potstill.data.structures import Floats, Mask
from potstill.models.ensemble import Ensemble
from potstill.models.evaluate_frames import Comparison, NamedFrames, compared_forces
from potstill.models.frame_errors import energy_errors
from potstill.models.networks import Networks
from potstill.models.predict import predict
from potstill.runtime.progress import Progress
from potstill.training.loop import split


def compare_held_out(
    ensemble: Ensemble, given: NamedFrames, *, seed: int, threads: int = 1
) -> Comparison | None:
    """Compare an ensemble with the frames that it was trained on with this seed.

    Each by the members that held it out; frames that none held out are left out. None where no
    frame that is left has an energy.
    """
    held = split(len(given.frames), ensemble.settings, seed)
    left = np.flatnonzero(held.any(axis=0))
    held, given = held[:, left], given.chosen(left)
    frames = given.frames
    if not frames.has("energy").any():
        return None
    progress = Progress("frames held out", len(frames), "frames")
    found = predict(
        ensemble, frames, forces=True, spread=True, threads=threads, watch=progress.update
    )
    assert found.atomic_energies is not None
    energies = energy_errors(frames, found.atomic_energies)
    mean = (found.energies * held).sum(axis=0) / held.sum(axis=0)
    energies = energies._replace(predicted=mean[energies.frames])
    forces, stress = _forces(ensemble, frames, held, threads)
    of_held = replace(found, forces=forces, stress=stress)
    # the model's own calibration is for new frames
    return Comparison(given, energies, compared_forces(frames, of_held, ensemble), None)


def _forces(ensemble: Ensemble, frames: Frames, held: Mask, threads: int) -> tuple[Floats, Floats]:
    """Return the forces (A, 3) and the stress (F, 3, 3), means over the members in held (M, F)."""
    forces, stress = np.zeros_like(frames.positions), np.zeros_like(frames.cell)
    for member, mask in enumerate(held):
        rows = np.flatnonzero(mask)
        network = one_member(ensemble, member)
        found = network.predict(frames.structures(rows), forces=True, threads=threads)
        assert found.forces is not None and found.stress is not None
        forces[frames.rows(rows)] += found.forces
        stress[rows] += found.stress
    count = held.sum(axis=0)
    return forces / np.repeat(count, frames.sizes)[:, None], stress / count[:, None, None]


def one_member(ensemble: Ensemble, member: int) -> Ensemble:
    """Return an ensemble of one of the networks alone."""
    # not validated: an ensemble that is trained has two members at least
    settings = ensemble.settings.model_copy(update={"members": 1})
    networks = Networks(settings, len(ensemble.elements)).to(ensemble.mean)
    whole = ensemble.networks
    for own, all_of in zip(networks.parameters(), whole.parameters(), strict=True):
        # the members of one element come together
        own.data = all_of.data[member :: whole.members].clone()
    return replace(ensemble, settings=settings, networks=networks.requires_grad_(False), trust=None)
