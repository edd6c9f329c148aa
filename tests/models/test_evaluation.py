"""Evaluations of sets of several elements and sizes, in which some frames lack labels."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase
import h5py
import numpy as np
import pytest
import torch
from alloys import images

from potstill.data.frames import Frames, write_frames
from potstill.descriptors.feature_file import write_features
from potstill.descriptors.symmetry_functions import describe
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.evaluation import evaluate_model
from potstill.models.model_file import save_ensemble
from potstill.models.networks import Networks
from potstill.plots.errors_plot import plot_errors
from potstill.plots.read_arrays import read_evaluation
from potstill.settings import Descriptor, Training

SETTINGS = Training(
    members=3,
    layers=(8,),
    stress_weight=0.1,
    descriptor=Descriptor(radial_shifts=6, angular_shifts=2, angle_sections=2),
)
COUNT = 36


@pytest.fixture(scope="module")
def frames() -> Frames:
    """Frames of alloys, a cluster without a cell among them, with labels drawn at random."""
    cluster = ase.Atoms("W2Be", positions=[[0, 0, 0], [2.6, 0, 0], [0, 2.2, 0.3]])
    structures = Frames.of_atoms([*images(COUNT - 1), cluster])
    random = np.random.default_rng(0)
    return replace(
        structures,
        energy=random.normal(-5, 0.1, COUNT) * structures.sizes,
        forces=random.normal(size=(len(structures.species), 3)),
        stress=random.normal(size=(COUNT, 3, 3)),
    )


@pytest.fixture(scope="module")
def ensemble(frames: Frames) -> Ensemble:
    """An untrained ensemble of beryllium and tungsten."""
    features = describe(frames, SETTINGS.descriptor, frames.elements)
    networks = Networks(SETTINGS, 2)
    networks.initialise(3)
    kinds = [features[frames.species == number] for number in (4, 74)]
    return Ensemble(
        elements=("Be", "W"),
        settings=SETTINGS,
        mean=torch.from_numpy(np.stack([kind.mean(axis=0) for kind in kinds])),
        std=torch.from_numpy(np.stack([kind.std(axis=0) + 0.1 for kind in kinds])),
        self_energies_eV=torch.tensor([-3.7, -8.9], dtype=torch.float64),
        scale_eV=0.4,
        networks=networks.double().requires_grad_(False),
    )


class Evaluated:
    """An evaluation: its datasets, attributes and summary, and its two files."""

    def __init__(self, ensemble: Ensemble, frames: Frames, folder: Path) -> None:
        model = folder / "WBe-test/ensemble.pt"
        model.parent.mkdir(exist_ok=True)
        save_ensemble(model, ensemble)
        write_frames(folder / "dft.h5", frames)
        descriptor = ensemble.settings.descriptor
        write_features(folder / "dft.h5", descriptor, threads=1, output=folder / "features.h5")
        self.output, self.json = folder / "out.h5", folder / "out.json"
        evaluate_model(
            model, folder / "dft.h5", folder / "features.h5", seed=1, device="cpu", threads=1,
            output=self.output, summary=self.json,
        )  # fmt: skip
        with h5py.File(self.output) as store:
            self.arrays = {name: store[name][...] for name in store}
            self.attributes = dict(store.attrs)
        self.summary: dict[str, Any] = json.loads(self.json.read_text())


def by_hand(ensemble: Ensemble, frames: Frames, which: Any) -> tuple[float, float]:
    """Return the mean errors of some frames: meV/atom, and meV/A over the components of all atoms.

    Each frame is predicted alone.
    """
    energy, force = [], []
    for f in which:
        one = frames[[f]]
        found = ensemble.predict(one, forces=True)
        assert one.energy is not None and found.forces is not None
        energy.append(float(found.energy[0] - one.energy[0]) / len(one.species))
        force += list(np.abs(found.forces - one.forces).ravel())
    return 1e3 * float(np.abs(energy).mean()), 1e3 * float(np.mean(force))


def test_errors_by_composition_and_over_all(
    ensemble: Ensemble, frames: Frames, tmp_path: Path
) -> None:
    made = Evaluated(ensemble, frames, tmp_path)
    energy, force = by_hand(ensemble, frames, range(COUNT))
    told = made.summary
    assert told["mae_meV_per_atom"] == pytest.approx(energy, rel=1e-4)
    assert told["force_mae_meV_per_A"] == pytest.approx(force, rel=1e-9)
    assert (told["frames"], told["atoms"]) == (COUNT, None)
    assert told["atoms_in_all"] == frames.sizes.sum()
    systems = [frames[[f]].symbol for f in range(COUNT)]
    rows = told["by_composition"]
    assert [row["elements"] for row in rows] == ["Be", "W", "BeW"]
    for row in rows:
        here = [f for f, system in enumerate(systems) if system == row["elements"]]
        energy, force = by_hand(ensemble, frames, here)
        assert row["frames"] == len(here) > 5
        assert row["mae_meV_per_atom"] == pytest.approx(energy, rel=1e-4)
        assert row["force_mae_meV_per_A"] == pytest.approx(force, rel=1e-9)
    found = ensemble.predict(frames, forces=True)
    assert found.stress is not None and frames.stress is not None
    stress = np.abs(found.stress - frames.stress)
    assert np.isnan(stress[-1]).all()  # the cluster has no volume, and no stress
    assert told["stress_mae_meV_per_A3"] == pytest.approx(1e3 * stress[:-1].mean(), rel=1e-6)
    arrays = made.arrays
    np.testing.assert_array_equal(arrays["sizes"], frames.sizes)
    np.testing.assert_allclose(arrays["predicted_energy"], found.energy, rtol=1e-6)
    assert found.atomic_energies is not None
    sigma = found.atomic_energies.std(axis=0)
    np.testing.assert_allclose(arrays["atomic_std"], sigma, rtol=0, atol=1e-5)
    assert frames.forces is not None and found.forces is not None
    length = np.linalg.norm(found.forces - frames.forces, axis=1)
    np.testing.assert_allclose(arrays["atomic_force_error"], length, rtol=1e-9)
    assert made.attributes == {"symbol": "BeW", "model": "WBe-test"}


def lacking(frames: Frames) -> Frames:
    """Return the frames as two calculations gave them: every third has no energy, some no forces.

    What stands in the place of a label that is lacking is zero, which would be a large error.
    """
    masks = {"energy": np.arange(COUNT) % 3 == 1, "forces": np.arange(COUNT) % 4 == 2}
    assert frames.energy is not None and frames.forces is not None
    return replace(
        frames,
        energy=np.where(masks["energy"], 0.0, frames.energy),
        forces=np.where(np.repeat(masks["forces"], frames.sizes)[:, None], 0.0, frames.forces),
        lacking=masks,
    )


def test_labels_that_only_some_frames_have(
    ensemble: Ensemble, frames: Frames, tmp_path: Path
) -> None:
    some = lacking(frames)
    told, forced = (np.flatnonzero(some.has(name)) for name in ("energy", "forces"))
    made = Evaluated(ensemble, some, tmp_path)
    energy, force = by_hand(ensemble, frames, told)[0], by_hand(ensemble, frames, forced)[1]
    assert made.summary["mae_meV_per_atom"] == pytest.approx(energy, rel=1e-4)
    assert made.summary["force_mae_meV_per_A"] == pytest.approx(force, rel=1e-9)
    assert (made.summary["energy_frames"], made.summary["force_frames"]) == (24, 27)
    np.testing.assert_array_equal(made.arrays["energy_frame"], told)
    np.testing.assert_array_equal(made.arrays["force_frame"], forced)
    assert len(made.arrays["energy"]) == len(made.arrays["energy_std"]) == 24
    exact, predicted = read_evaluation(made.output)
    assert frames.energy is not None
    np.testing.assert_allclose(exact, (frames.energy / frames.sizes)[told])
    assert 1e3 * np.abs(predicted - exact).mean() == pytest.approx(energy, rel=1e-4)
    plot_errors(made.output, made.json, seed=1, outputs=[tmp_path / "a.svg"])
    assert "WBe-test on BeW, 1 to 16 atoms" in (tmp_path / "a.svg").read_text()


def test_force_frames_are_of_those_that_have_forces(
    ensemble: Ensemble, frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("potstill.models.evaluation.FORCE_ATOMS", 60)
    some = lacking(frames)
    rows = Evaluated(ensemble, some, tmp_path).arrays["force_frame"]
    mean = some.sizes[some.has("forces")].mean()
    assert len(rows) == 60 // mean and some.has("forces")[rows].all()
    assert (np.diff(rows) > 0).all()


def test_frames_of_one_of_the_models_elements(
    ensemble: Ensemble, frames: Frames, tmp_path: Path
) -> None:
    """They are all of one composition, which the whole summary is of."""
    alone = frames[[f for f in range(COUNT) if frames[[f]].symbol == "W"]]
    made = Evaluated(ensemble, alone, tmp_path)
    energy, force = by_hand(ensemble, alone, range(len(alone)))
    assert made.summary["mae_meV_per_atom"] == pytest.approx(energy, rel=1e-4)
    assert made.summary["force_mae_meV_per_A"] == pytest.approx(force, rel=1e-9)
    assert "by_composition" not in made.summary and made.attributes["symbol"] == "W"


def test_frames_of_one_size_have_a_row_each(
    ensemble: Ensemble, frames: Frames, tmp_path: Path
) -> None:
    same = frames[frames.sizes == 16]
    made = Evaluated(ensemble, same, tmp_path)
    assert "sizes" not in made.arrays and made.attributes["atoms"] == 16
    assert made.arrays["atomic_std"].shape == (len(same), 16)
    assert made.arrays["atomic_force_error"].shape == (len(same), 16)
    assert made.summary["atoms"] == 16 and "atoms_in_all" not in made.summary
    by_frame = made.arrays["force_mae"]
    assert made.summary["force_mae_meV_per_A"] == 1e3 * by_frame.mean()


def test_an_element_that_the_model_lacks(
    ensemble: Ensemble, frames: Frames, tmp_path: Path
) -> None:
    other = replace(frames, species=np.where(frames.species == 4, 6, frames.species))
    with pytest.raises(PotstillError, match=r"dft\.h5: frames of CW, but .* is a model for BeW"):
        Evaluated(ensemble, other, tmp_path)
