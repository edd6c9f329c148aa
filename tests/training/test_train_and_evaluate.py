"""The two jobs of the stage, from frame file to model file and to evaluation."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from potstill.data.frames import Frames, write_frames
from potstill.descriptors.feature_file import write_features
from potstill.errors import PotstillError
from potstill.models import load_ensemble
from potstill.models.evaluation import evaluate_model
from potstill.models.predict import predict
from potstill.settings import Training
from potstill.training.train_model import train_model

SHORT = Training(members=2, layers=(24, 16), steps=40, validation_interval=20, batch_frames=4)


def run(
    folder: Path,
    frames: Path,
    count: int | None = 20,
    seed: int = 1,
    settings: Training = SHORT,
) -> Path:
    train_model(
        frames,
        count=count,
        settings=settings,
        seed=seed,
        device="cpu",
        threads=1,
        model=folder / "Ni-test/ensemble.pt",
        history=folder / "Ni-test/history.csv",
        summary=folder / "Ni-test/summary.json",
    )
    return folder / "Ni-test/ensemble.pt"


@pytest.fixture(scope="module")
def frame_file(labelled: Frames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("frames") / "momt.h5"
    write_frames(path, labelled)
    return path


@pytest.fixture(scope="module")
def features(frame_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("features") / "momt.h5"
    write_features(frame_file, SHORT.descriptor, threads=1, output=path)
    return path


@pytest.fixture(scope="module")
def model(frame_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("models"), frame_file)


def test_files_of_training(model: Path, frame_file: Path, tmp_path: Path) -> None:
    summary = json.loads((model.parent / "summary.json").read_text())
    assert (summary["frames"], summary["atoms"], summary["symbol"]) == (20, 32, "Ni")
    assert summary["members"] == 2 and summary["steps"] == 40 and not summary["stopped_early"]
    assert summary["self_energy_eV"] == float(load_ensemble(model).self_energies_eV)
    with (model.parent / "history.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["step"] for row in rows] == ["20", "40"]
    assert sorted(p.name for p in model.parent.iterdir()) == [
        "ensemble.pt",
        "history.csv",
        "summary.json",
    ]
    again = run(tmp_path, frame_file)
    for name in ("ensemble.pt", "history.csv", "summary.json"):
        assert (again.parent / name).read_bytes() == (model.parent / name).read_bytes()


def test_evaluation(
    model: Path, frame_file: Path, features: Path, labelled: Frames, tmp_path: Path
) -> None:
    output, summary = tmp_path / "momt.h5", tmp_path / "momt.json"
    where = {"seed": 1, "device": "cpu", "threads": 1}
    evaluate_model(model, frame_file, features, output=output, summary=summary, **where)
    expected = predict(load_ensemble(model), labelled, forces=True)
    assert expected.forces is not None
    with h5py.File(output) as store:
        got = {name: store[name][...] for name in store}
        assert dict(store.attrs) == {"model": "Ni-test", "symbol": "Ni", "atoms": 32}
        assert store["predicted_energy"].attrs["unit"] == "eV"
    np.testing.assert_array_equal(got["energy"], labelled.energy)
    np.testing.assert_allclose(got["predicted_energy"], expected.energy, rtol=1e-7)
    np.testing.assert_allclose(got["energy_std"], expected.energy_std, rtol=0, atol=1e-5)
    assert got["atomic_std"].shape == (60, 32)
    np.testing.assert_array_equal(got["order_parameter"], labelled.columns["order_parameter"])
    np.testing.assert_array_equal(got["enthalpy"], labelled.columns["enthalpy"])
    force = labelled.dense(np.abs(expected.forces - labelled.forces))
    np.testing.assert_allclose(got["force_mae"], force.mean(axis=(1, 2)), rtol=1e-9)
    error = 1e3 * (expected.energy - labelled.energy) / 32
    statistics = json.loads(summary.read_text())
    for name, value in {
        "mae": np.abs(error).mean(),
        "mae_shifted": np.abs(error - error.mean()).mean(),
        "shift": error.mean(),
        "rmse": np.sqrt((error**2).mean()),
        "worst_percent": np.abs(error).max(),
    }.items():
        assert statistics[f"{name}_meV_per_atom"] == pytest.approx(value, abs=2e-4)
    assert statistics["force_mae_meV_per_A"] == pytest.approx(1e3 * force.mean())
    assert sum(row["frames"] for row in statistics["regions"]) == 60
    weighted = sum(row["frames"] * row["mae_meV_per_atom"] for row in statistics["regions"])
    assert weighted / 60 == pytest.approx(np.abs(error).mean(), abs=2e-4)
    assert statistics["uncertainty"]["calibration_frames"] == 12


def test_forces_of_a_part_of_a_large_set(
    model: Path,
    frame_file: Path,
    features: Path,
    labelled: Frames,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = []
    for count in (60, 7):
        monkeypatch.setattr("potstill.models.evaluation.FORCE_ATOMS", count * labelled.atoms)
        files = tmp_path / f"{count}.h5", tmp_path / f"{count}.json"
        where = {"seed": 1, "device": "cpu", "threads": 1}
        evaluate_model(model, frame_file, features, output=files[0], summary=files[1], **where)
        with h5py.File(files[0]) as store:
            results.append({name: store[name][...] for name in store})
        assert json.loads(files[1].read_text())["force_frames"] == count
    whole, part = results
    rows = part["force_frame"]
    assert len(rows) == 7 and np.all(np.diff(rows) > 0) and rows[-1] > 50
    for name in ("predicted_energy", "energy_std", "atomic_std"):
        np.testing.assert_allclose(part[name], whole[name], rtol=1e-9, atol=1e-12)
    for name in ("force_mae", "atomic_force_error"):
        np.testing.assert_allclose(part[name], whole[name][rows], rtol=1e-12)
    told = json.loads(files[1].read_text())["force_mae_meV_per_A"]
    assert told == pytest.approx(1e3 * whole["force_mae"][rows].mean())


def test_frames_of_energies_alone(labelled: Frames, features: Path, tmp_path: Path) -> None:
    """They train a model of energies, which is told apart from nothing, and are tested on."""
    bare = replace(labelled, forces=None, stress=None, atomic_energies=None, columns={})
    path = tmp_path / "momt.h5"
    write_frames(path, bare)
    with pytest.raises(PotstillError, match=r"momt\.h5: training needs the label `forces`.*false$"):
        run(tmp_path, path)
    alone = SHORT.model_copy(update={"forces": False})
    models = []
    for frames in (path, tmp_path / "labelled.h5"):
        if frames != path:
            write_frames(frames, labelled)
        folder = tmp_path / frames.stem
        run(folder, frames, settings=alone)
        models.append((folder / "Ni-test/ensemble.pt").read_bytes())
    assert models[0] == models[1]  # forces that are not trained on change no byte
    output, summary = tmp_path / "out.h5", tmp_path / "out.json"
    evaluate_model(
        tmp_path / "momt/Ni-test/ensemble.pt", path, features,
        seed=1, device="cpu", threads=1, output=output, summary=summary,
    )  # fmt: skip
    told = json.loads(summary.read_text())
    assert told["force_mae_meV_per_A"] is None and told["force_frames"] == 0
    assert told["regions"] == [] and told["uncertainty"]["spearman_atoms_force"] is None
    assert told["mae_meV_per_atom"] > 0
    with h5py.File(output) as store:
        assert set(store) == {"energy", "predicted_energy", "energy_std", "atomic_std"}


def test_labels_that_are_needed(labelled: Frames, model: Path, features: Path, tmp_path: Path):
    path = tmp_path / "momt.h5"
    write_frames(path, replace(labelled, stress=None))
    with pytest.raises(PotstillError, match=r"momt\.h5: .*`stress`.*training\.stress_weight to 0$"):
        run(tmp_path, path, settings=SHORT.model_copy(update={"stress_weight": 0.1}))
    write_frames(path, replace(labelled, energy=None, forces=None, stress=None))
    with pytest.raises(PotstillError, match=r"momt\.h5: training needs the label `energy`"):
        run(tmp_path, path, settings=SHORT.model_copy(update={"forces": False}))
    with pytest.raises(PotstillError, match=r"momt\.h5: an evaluation needs the label `energy`"):
        evaluate_model(
            model, path, features, seed=1, device="cpu", threads=1,
            output=tmp_path / "out.h5", summary=tmp_path / "out.json",
        )  # fmt: skip


def test_too_many_frames_asked_for(frame_file: Path, tmp_path: Path) -> None:
    with pytest.raises(PotstillError, match=r"momt\.h5: 61 frames asked for, .* only 60"):
        run(tmp_path, frame_file, count=61)


def test_of_frames_with_an_order_the_first_are_trained_on(labelled: Frames, tmp_path: Path):
    """A model of the first eight is that of a file of them alone, whichever way they lie."""
    order = np.random.default_rng(1).permutation(len(labelled))
    write_frames(tmp_path / "whole.h5", replace(labelled, columns={"order": order}))
    first = labelled[np.argsort(order)[:8]]
    write_frames(tmp_path / "first.h5", replace(first, columns={}))
    made = [
        run(tmp_path / name, tmp_path / f"{name}.h5", count=8).read_bytes()
        for name in ("whole", "first")
    ]
    assert made[0] == made[1]


def test_evaluation_on_another_element(
    model: Path, features: Path, labelled: Frames, tmp_path: Path
) -> None:
    write_frames(tmp_path / "al.h5", replace(labelled, species=np.full_like(labelled.species, 13)))
    with pytest.raises(PotstillError, match=r"al\.h5: frames of Al, but .* is a model for Ni"):
        evaluate_model(
            model,
            tmp_path / "al.h5",
            features,
            seed=1,
            device="cpu",
            threads=1,
            output=tmp_path / "out.h5",
            summary=tmp_path / "out.json",
        )
    assert not (tmp_path / "out.h5").exists()
