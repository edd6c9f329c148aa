"""Training on the stress: derivatives by finite differences and torchani, and what it learns."""

import os
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ase.build import bulk
from ase.stress import full_3x3_to_voigt_6_stress
from numpy.typing import NDArray

from potstill.data.frames import Frames, write_frames
from potstill.data.structures import Structures, frame_sums
from potstill.descriptors.feature_file import write_features
from potstill.descriptors.pair_forces import forces_and_strain
from potstill.descriptors.pair_strain import VOIGT, strain_map
from potstill.descriptors.symmetry_functions import describe, describe_with_pairs
from potstill.models.ensemble import Ensemble
from potstill.models.evaluation import evaluate_model
from potstill.models.model_file import save_ensemble
from potstill.models.predict import predict
from potstill.models.torchani_model import to_torchani
from potstill.runtime.files import read_json
from potstill.settings import Descriptor, Training
from potstill.training.loop import Trainer
from potstill.training.loss import errors, frame_losses
from potstill.training.prepare import prepare

os.environ.setdefault("TORCHANI_NO_WARN_EXTENSIONS", "1")
from torchani.units import HARTREE_TO_EV

Floats = NDArray[np.float64]


MIXED = [
    bulk("Ni").repeat((2, 1, 1)),
    bulk("NiAl", "cesiumchloride", a=2.9),
    bulk("Al", cubic=True),
]


@pytest.fixture(params=["one size", "mixed"])
def some(request: pytest.FixtureRequest, liquid: tuple[Floats, Floats]) -> Structures:
    """Two frames of 32 atoms, or three of several sizes and elements, displaced."""
    if request.param == "one size":
        positions, cell = liquid
        return Structures.uniform(
            "Ni", np.stack([positions, 1.05 * positions]), np.stack([cell, 1.05 * cell])
        )
    made = Structures.of_atoms(MIXED)
    made.positions[:] += 0.1 * np.random.default_rng(2).normal(size=made.positions.shape)
    return made


def test_the_map_gives_derivatives_by_strain(some: Structures) -> None:
    """Of g times the features, by finite differences, and with the volume of each frame."""
    features, pairs = describe_with_pairs(some, Descriptor(), some.elements)
    g = np.random.default_rng(0).normal(size=features.shape)
    every = np.arange(len(some))
    found = strain_map(some, pairs, "cpu")(torch.from_numpy(g)[None], every)[0].numpy()
    for v, (a, b) in enumerate(VOIGT):
        energies = []
        for step in (1e-5, -1e-5):
            strain = np.eye(3)
            strain[a, b] += step / 2
            strain[b, a] += step / 2
            moved = replace(some, positions=some.positions @ strain, cell=some.cell @ strain)
            features = describe(moved, Descriptor(), some.elements)
            energies.append(frame_sums((g * features).sum(axis=1), some.sizes))
        numerical = (energies[0] - energies[1]) / 2e-5 / some.volume
        np.testing.assert_allclose(found[:, v], numerical, rtol=0, atol=1e-7)
    assert np.abs(found).max() > 0.1
    _, strain = forces_and_strain(g, pairs)
    expected = full_3x3_to_voigt_6_stress(strain / some.volume[:, None, None])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_the_loss_has_the_gradient_of_torchani(ensemble: Ensemble, labelled: Frames) -> None:
    """Of sum w (S - S_label) of one frame, by the weights and biases of a hidden layer."""
    settings = Training.model_validate(
        {**ensemble.settings.model_dump(), "stress_weight": 1.0, "force_weight": 1e-9}
    )
    frames = labelled[[3]]
    data = prepare(frames, settings, "cpu")
    w = torch.from_numpy(np.random.default_rng(1).normal(size=6)).float()
    trained = Ensemble(
        elements=("Ni",),
        settings=settings,
        mean=data.mean,
        std=data.std,
        self_energies_eV=data.self_energies_eV,
        scale_eV=data.scales.atomic_eV,
        networks=ensemble.networks,
    )
    model = to_torchani(trained)
    networks = deepcopy(ensemble.networks).float().requires_grad_(True)
    by_stress = errors(networks, data, np.array([0])).stress
    (by_stress[:, 0] @ w).sum().backward()
    strain = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    deformation = torch.eye(3, dtype=torch.float64) + (strain + strain.T) / 2
    x, cell = (
        torch.from_numpy(values) @ deformation for values in (frames.positions, frames.cell[0])
    )
    species = torch.full((1, 32), 28)
    atomic = model.atomic_energies(
        (species, x[None]), cell, torch.tensor([True] * 3), ensemble_values=True
    ).energies
    volume = float(np.abs(np.linalg.det(frames.cell[0])))
    for m in range(settings.members):
        (by_strain,) = torch.autograd.grad(
            atomic[m].sum() * HARTREE_TO_EV, strain, create_graph=True
        )
        stress = by_strain[VOIGT[:, 0], VOIGT[:, 1]] / volume
        expected = stress.detach().numpy() - full_3x3_to_voigt_6_stress(frames.stress[0])
        # float32, whose rounding depends on the processor: 1e-6 of the value were seen
        np.testing.assert_allclose(by_stress[m, 0].detach().numpy(), expected, 5e-6, 1e-6)
        layer = model.neural_networks.members[m].atomics["Ni"].layers[1]
        theirs = torch.autograd.grad(
            (stress * w).sum(), (layer.weight, layer.bias), retain_graph=True
        )
        ours = networks.weights[1].grad[m].T, networks.biases[1].grad[m, 0]
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(
                a.numpy(), b.numpy(), rtol=0, atol=1e-5 * float(b.abs().max())
            )


def test_it_learns_the_stress(labelled: Frames) -> None:
    """All frames at once, and next to nothing else in the loss."""
    nearly_none = {"energy_weight": 1e-9, "force_weight": 1e-9, "validation_share": 0.05}
    settings = Training(
        members=2, layers=(24, 16), steps=200, batch_frames=20, stress_weight=1.0, **nearly_none
    )
    trainer = Trainer(prepare(labelled[:20], settings, "cpu"), settings, 1)

    def loss() -> float:
        with torch.no_grad():
            found = errors(trainer.networks, trainer.data, np.arange(20))
        return float(frame_losses(found, trainer.data, settings).mean())

    before = loss()
    for _ in range(settings.steps):
        trainer.step()
    assert loss() < 0.1 * before


def test_an_evaluation_tells_it(ensemble: Ensemble, labelled: Frames, tmp_path: Path) -> None:
    frames = labelled[:12]
    write_frames(tmp_path / "test.h5", frames)
    features = tmp_path / "features.h5"
    write_features(tmp_path / "test.h5", ensemble.settings.descriptor, threads=1, output=features)
    predicted = predict(ensemble, frames, forces=True).stress
    assert predicted is not None
    expected = 1e3 * float(np.abs(predicted - frames.stress).mean())
    for weight in (0.0, 0.1):
        settings = ensemble.settings.model_copy(update={"stress_weight": weight})
        save_ensemble(tmp_path / "ensemble.pt", replace(ensemble, settings=settings))
        evaluate_model(
            tmp_path / "ensemble.pt",
            tmp_path / "test.h5",
            features,
            seed=1,
            device="cpu",
            threads=1,
            output=tmp_path / "evaluation.h5",
            summary=tmp_path / "evaluation.json",
        )
        told = read_json(tmp_path / "evaluation.json")
        assert ("stress_mae_meV_per_A3" in told) == (weight > 0)
    assert told["stress_mae_meV_per_A3"] == pytest.approx(expected, rel=1e-3)


def test_a_model_without_it_is_as_it_was() -> None:
    assert Training().model_dump()["stress_weight"] == 0  # a record holds what is off as well
    assert Training(stress_weight=0.1).model_dump()["stress_weight"] == 0.1
    with pytest.raises(ValueError, match="stress_weight needs forces"):
        Training(stress_weight=0.1, forces=False)
