"""Rounding is no scale: labels, features and uncertainties that hardly vary."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from potstill.data.frames import Frames
from potstill.data.structures import Structures
from potstill.descriptors.symmetry_functions import describe
from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies.direct import principal_components
from potstill.distillation.strategies.outlying_atom import outlying_scores
from potstill.errors import PotstillError
from potstill.models.predict import predict
from potstill.potentials.eam import EamPotential, label_frames
from potstill.runtime.device import resolve_device
from potstill.runtime.restart import Restart
from potstill.settings import Training
from potstill.training.loop import CHECKED_FRAMES, drawn, split, train
from potstill.training.prepare import prepare
from potstill.training.scales import scales
from potstill.trust.assessment import uncertainty

SETTINGS = Training(members=2, layers=(24, 16), steps=600)


@pytest.fixture(scope="module")
def crystals(tables: dict[str, Path]) -> Frames:
    """Twelve perfect crystals of different volumes: forces of 1e-15."""
    cells = [bulk("Ni", cubic=True, a=a).repeat(2) for a in np.linspace(3.4, 3.7, 12)]
    return label_frames(EamPotential.from_file(tables["Ni-Nb"], "Ni"), Structures.of_atoms(cells))


def test_forces_of_perfect_crystals_are_no_scale(
    crystals: Frames, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    restart = Restart(tmp_path / "restart", "", math.inf)
    ensemble, _ = train(crystals, SETTINGS, 1, restart=restart)
    assert "forces of these frames are" in capsys.readouterr().err
    error = predict(ensemble, crystals, forces=False).energy - crystals.energy
    spread = np.std(crystals.energy / 32)
    assert np.abs(error).mean() / 32 < 0.1 * spread


def test_scales_of_what_does_not_vary(thermal: Frames, crystals: Frames) -> None:
    settings = Training(stress_weight=0.1)
    usual = scales(thermal, settings)
    assert usual.atomic_eV == usual.force_rms == pytest.approx(np.sqrt(np.mean(thermal.forces**2)))
    assert scales(crystals, settings).atomic_eV == pytest.approx(np.std(crystals.energy / 32))
    noise = 1e-14 * np.random.default_rng(0).normal(size=20)
    alike = replace(thermal[[3] * 20], energy=thermal.energy[3] + noise)
    found = scales(alike, settings)
    assert found.atomic_eV > 0.1 and found.energy_rms > 0.01
    nothing = replace(alike, forces=1e-15 * alike.forces, stress=1e-15 * alike.stress)
    assert min(scales(nothing, settings)) > 1e-5
    assert min(scales(nothing, Training(forces=False))) > 1e-6


def test_one_short_bond_is_no_input_of_thousands(thermal: Frames) -> None:
    settings = Training(preset="authors")
    data = prepare(thermal[:20], settings, "cpu")
    short = thermal.structures([0])
    bond = short.positions[1] - short.positions[0]
    short.positions[1] = short.positions[0] + 1.7 * bond / np.linalg.norm(bond)
    features = describe(short, settings.descriptor, short.elements)
    inputs = np.abs((features - data.mean.numpy()) / data.std.numpy())
    assert inputs.max() < 500


def test_equal_frames_stay_equal_to_a_selection(thermal: Frames) -> None:
    same = thermal[[5] * 6]
    same.positions[32:] += 1e-9 * np.random.default_rng(1).normal(size=same.positions[32:].shape)
    candidates = Candidates.of(
        same, same[:0], descriptor=SETTINGS.descriptor, scores=None, labels=False
    )
    points = candidates.features[0]
    assert np.ptp(points, axis=0).max() < 1e-4
    assert np.ptp(principal_components(points), axis=0).max() < 0.1


def test_equal_uncertainties_have_no_outlier() -> None:
    rounding = 1e-3 + 1e-13 * np.random.default_rng(2).normal(size=(4, 32))
    assert np.abs(outlying_scores(rounding.ravel(), np.full(4, 32))).max() < 1e-4


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_uncertainty_of_few_or_equal_frames(frames: int) -> None:
    random = np.random.default_rng(3)
    error, sigma = random.normal(size=frames), np.full(frames, 1e-12)
    force, atomic = random.random(4 * frames), random.random(4 * frames)
    found = uncertainty(error, sigma, np.full(frames, 4), force, atomic, 1)
    assert found["sigma_factor"] is None
    assert found["coverage"] == {"1_sigma": None, "2_sigma": None}


def test_validation_looks_at_all_parts_of_a_file() -> None:
    held = split(5000, SETTINGS, 1)
    checked = drawn(held, 1)
    assert (checked.sum(axis=1) == CHECKED_FRAMES).all() and not (checked & ~held).any()
    assert checked.reshape(len(held), 4, -1).sum(axis=2).min() >= 10
    few = split(60, SETTINGS, 1)
    assert (drawn(few, 1) == few).all()


@pytest.mark.parametrize("device", ["gpu", "cuda:0", "CPU", ""])
def test_an_unknown_device_is_named(device: str) -> None:
    with pytest.raises(PotstillError, match="none of auto, cpu, cuda"):
        resolve_device(device)
