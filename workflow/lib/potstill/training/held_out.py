"""What networks say of the frames that they did not train on, the frames that a member held out.

Each member holds frames of its own out (`training.loop.split`). What is compared with the label of
such a frame is the mean over the members that held it out: fewer networks than a prediction's, so
that its errors are a little larger than those of the ensemble in new frames. Their spread is left
out, as most frames have one or two such members.
"""

from dataclasses import replace

import numpy as np

from potstill.data.structures import atom_rows
from potstill.models.committee import Prediction
from potstill.models.ensemble import Ensemble, Networks
from potstill.models.evaluate_frames import Comparison, NamedFrames, compared_forces
from potstill.models.frame_errors import EnergyErrors
from potstill.runtime.progress import Progress
from potstill.training.loop import split


def compare_held_out(
    ensemble: Ensemble, given: NamedFrames, *, seed: int, threads: int = 1
) -> Comparison | None:
    """Compare an ensemble with the frames that it was trained on with this seed.

    Each by the members that held it out; frames that none held out are left out. None where no
    frame that is left has an energy.
    """
    frames = given.frames
    held = split(len(frames), ensemble.settings, seed)
    count = held.sum(axis=0)
    energy, stress = np.zeros(len(frames)), np.zeros((len(frames), 3, 3))
    forces = np.zeros((len(frames.species), 3))
    progress = Progress("frames held out", int(held.sum()), "frames")
    done = 0
    for member, mask in enumerate(held):
        rows = np.flatnonzero(mask)
        network = one_member(ensemble, member)
        found = network.predict(frames.structures(rows), forces=True, threads=threads)
        assert found.forces is not None and found.stress is not None
        energy[rows] += found.energy
        forces[atom_rows(frames.start, rows)] += found.forces
        stress[rows] += found.stress
        done += len(rows)
        progress.update(done)
    rows = np.flatnonzero(count)
    chosen = given.chosen(rows)
    told = np.flatnonzero(chosen.frames.has("energy"))
    if not len(told):
        return None
    mean = Prediction(
        energies=(energy / np.maximum(count, 1))[None, rows],
        atomic_energies=None,
        forces=(forces / np.repeat(np.maximum(count, 1), frames.sizes)[:, None])[frames.rows(rows)],
        stress=stress[rows] / count[rows, None, None],
    )
    energies = EnergyErrors(
        told, chosen.frames.need("energy", "an evaluation")[told], mean.energy[told], None, None
    )
    return Comparison(chosen, energies, compared_forces(chosen.frames, mean, ensemble))


def one_member(ensemble: Ensemble, member: int) -> Ensemble:
    """Return an ensemble of one of the networks alone."""
    # not validated: an ensemble that is trained has two members at least
    settings = ensemble.settings.model_copy(update={"members": 1})
    networks = Networks(settings, len(ensemble.elements)).to(ensemble.mean)
    whole = ensemble.networks
    for own, all_of in zip(networks.parameters(), whole.parameters(), strict=True):
        # the members of one element come together
        own.data = all_of.data[member :: whole.members].clone()
    return replace(ensemble, settings=settings, networks=networks.requires_grad_(False))
