"""Training on frames of several elements and sizes, with labels missing, and with wrong ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ase.build import bulk

from potstill.data.frames import Frames
from potstill.data.structures import Structures
from potstill.models.ensemble import Ensemble
from potstill.models.networks import Networks
from potstill.potentials.eam import EamPotential, label_frames
from potstill.runtime.restart import Restart
from potstill.settings import Training
from potstill.training.loop import train
from potstill.training.loss import errors, frame_losses
from potstill.training.prepare import prepare
from potstill.training.scales import scales, self_energies

CRYSTALS = (
    bulk("Ni", cubic=True, a=3.52),
    bulk("Nb", cubic=True, a=3.3).repeat((2, 1, 1)),
    bulk("NiNb", "cesiumchloride", a=3.1).repeat(2),
    bulk("NiNb", "rocksalt", a=5.2, cubic=True),
    bulk("Nb", a=3.3),
)
SHORT = Training(members=2, layers=(24, 16), steps=30, validation_interval=10, batch_frames=4)


@pytest.fixture(scope="module")
def mixed(tables: dict[str, Path]) -> Frames:
    """100 frames of 1 to 16 atoms of nickel and niobium, displaced and strained, by EAM."""
    random = np.random.default_rng(4)
    made = []
    for k in range(100):
        atoms = CRYSTALS[k % len(CRYSTALS)].copy()
        strain = np.eye(3) + 0.02 * random.normal(size=(3, 3))
        atoms.set_cell(atoms.cell @ strain, scale_atoms=True)
        atoms.positions += 0.08 * random.normal(size=atoms.positions.shape)
        made.append(atoms)
    potential = EamPotential.from_file(tables["Ni-Nb"], ("Ni", "Nb"))
    return label_frames(potential, Structures.of_atoms(made))


def trained(frames: Frames, settings: Training, folder: Path) -> Ensemble:
    return train(frames, settings, 1, restart=Restart(folder / "unused", "", 1e9))[0]


def energy_error(model: Ensemble, frames: Frames) -> float:
    found = model.predict(frames, forces=False).energy
    return float(np.abs((found - frames.need("energy", "a test")) / frames.sizes).mean())


def test_it_learns_two_elements_and_all_sizes(mixed: Frames, tmp_path: Path) -> None:
    settings = Training(members=3, layers=(32, 24), steps=600, stress_weight=0.01)
    model = trained(mixed[:80], settings, tmp_path)
    test = mixed[80:]
    got = model.predict(test, forces=True)
    assert got.forces is not None and test.forces is not None
    own = test.counts(test.elements) @ model.self_energies_eV.numpy()
    assert energy_error(model, test) < 0.15 * np.std((test.energy - own) / test.sizes)
    assert np.abs(got.forces - test.forces).mean() < 0.25 * np.abs(test.forces).mean()


def test_the_elements_energies_are_those_of_least_squares(mixed: Frames) -> None:
    known = np.array([-4.0, -7.5])
    energy = mixed.counts(mixed.elements) @ known
    found = self_energies(replace(mixed, energy=energy), mixed.elements, Training())
    np.testing.assert_allclose(found, known, rtol=1e-9)
    energy[:5] += 300.0  # wrong labels move least squares, and not least absolute errors
    for huber, near in ((None, False), (0.1, True)):
        settings = Training(huber=huber)
        found = self_energies(replace(mixed, energy=energy), mixed.elements, settings)
        assert np.allclose(found, known, atol=1e-3) == near


def test_the_loss_of_each_frame_by_hand(mixed: Frames) -> None:
    """Networks that are zero predict the self energies, no forces and no stress."""
    frames = mixed[:7]
    settings = SHORT.model_copy(update={"stress_weight": 0.25})
    data = prepare(frames, settings, "cpu")
    batch = np.array([5, 0, 3])
    with torch.no_grad():
        found = errors(Networks(settings, 2), data, batch)
        losses = frame_losses(found, data, settings)[0].numpy()
    own = self_energies(frames, frames.elements, settings)
    scale = scales(frames, settings)
    for loss, f in zip(losses, batch, strict=True):
        here = frames[[f]]
        energy = (here.energy - here.counts(frames.elements) @ own)[0] / here.sizes[0]
        six = here.stress[0][[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        expected = (
            settings.energy_weight * (energy / scale.energy_rms) ** 2
            + settings.force_weight * np.mean((here.forces / scale.force_rms) ** 2)
            + settings.stress_weight * np.mean((six / scale.stress_rms) ** 2)
        )
        assert loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("label", ["energy", "forces", "stress"])
def test_what_stands_for_a_missing_label_teaches_nothing(
    mixed: Frames, tmp_path: Path, label: str
) -> None:
    """Zeros or nonsense in the place of labels that frames lack give the same weights."""
    settings = SHORT.model_copy(update={"stress_weight": 0.1})
    frames = mixed[:20]
    lacks = np.arange(20) % 3 == 1
    weights = []
    for nonsense in (0.0, 7.0):
        values = getattr(frames, label).copy()
        rows = frames.rows(lacks) if label == "forces" else lacks
        values[rows] = nonsense
        given = replace(frames, **{label: values}, lacking={label: lacks})
        model = trained(given, settings, tmp_path)
        weights.append(torch.cat([p.flatten() for p in model.networks.parameters()]))
    assert torch.equal(*weights)
    whole = trained(frames, settings, tmp_path)
    assert not torch.equal(
        weights[0], torch.cat([p.flatten() for p in whole.networks.parameters()])
    )


def test_huber_lets_a_few_wrong_energies_do_little_harm(mixed: Frames, tmp_path: Path) -> None:
    settings = Training(members=2, layers=(32, 24), steps=400)
    energy = mixed.energy.copy()
    energy[3:80:13] += 2.0 * mixed.sizes[3:80:13]  # six frames of eighty, 2 eV an atom
    wrong = replace(mixed, energy=energy)[:80]
    found = {
        huber: energy_error(
            trained(wrong, settings.model_copy(update={"huber": huber}), tmp_path), mixed[80:]
        )
        for huber in (None, 0.1)
    }
    assert found[0.1] < 0.3 * found[None]
