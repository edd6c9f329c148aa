"""The benchmark of training runs and writes its fields; what it times decides nothing here."""

import importlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from potstill.data.frames import read_frames

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, str(ROOT / "benchmarks/training.py")]


def run(frames: Path, output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark on few frames, a short schedule and one window of each program."""
    sizes = ["--train", "24", "--held-out", "12"]
    sizes += ["--steps", "40", "--soap-steps", "60", "--every", "10"]
    command = [*PROGRAM, str(output), "--frames", str(frames), "--seeds", "2", "--rounds", "1"]
    command += [*sizes, "--no-compile-time", *options]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=output.parent, env=os.environ
    )


def test_benchmark_writes_its_fields(frames: Path, tmp_path: Path) -> None:
    output = tmp_path / "bench" / "training.json"
    output.parent.mkdir()
    found = run(frames, output, "--target", "100")
    assert found.returncode == 0, found.stderr
    content = json.loads(output.read_text())
    check = content["check"]
    assert check["training"]["features"] < 1e-12
    for peer in ("torchani", "torchani_listed"):
        weights = check["training"][peer]
        assert 1e-4 < weights["weights_largest_change"] < 1e-2
        assert weights["weights_largest_difference"] < 1e-6
        assert weights["weights_difference_over_change"] < 1e-4
    assert check["inference"]["energy_eV_per_atom"] < 1e-10
    assert check["inference"]["force_eV_per_A"] < 1e-9
    training = content["training"]
    own = training["potstill_seconds"]
    for peer, ratio in (("torchani", "ratio"), ("torchani_listed", "ratio_listed")):
        seconds = training[f"{peer}_seconds_to_error"]
        for k in range(2):
            expected = (
                training["steps"][k] * training[f"{peer}_ms_per_step"]["median"] / 1e3
                + training[f"{peer}_preparation_seconds"]
            )
            assert math.isclose(seconds["by_seed"][k], expected, abs_tol=0.02)
        assert 0 < own["min"] <= own["median"]
        assert math.isclose(training[ratio]["min"], seconds["min"] / own["min"], rel_tol=0.1)
        expected = seconds["min"] / training["soap_seconds"]["min"]
        assert math.isclose(training[f"ratio_soap{peer[8:]}"]["min"], expected, rel_tol=0.1)
    assert all(steps in (10, 20, 30, 40) for steps in training["steps"])
    assert all(steps % 10 == 0 for steps in training["soap_steps"])
    assert max(training["mae_meV_per_atom"]) <= training["target_meV_per_atom"] == 100
    inference = content["inference"]
    for peer in ("torchani", "torchani_by_property", "torchani_model"):
        assert inference[f"{peer}_ms"]["min"] > 0
    expected = inference["torchani_ms"]["min"] / inference["potstill_ms"]["min"]
    assert math.isclose(inference["ratio"]["min"], expected, rel_tol=0.02)
    assert content["machine"]["versions"]["torchani"] == "2.9.0"


def test_an_error_that_is_not_reached_gives_no_ratio(frames: Path, tmp_path: Path) -> None:
    output = tmp_path / "training.json"
    found = run(frames, output, "--target", "1e-6", "--steps", "2", "--every", "1")
    assert found.returncode == 1
    assert "give more steps or a higher target" in found.stderr
    assert not output.exists()


def test_too_few_frames_are_refused(frames: Path, tmp_path: Path) -> None:
    found = run(frames, tmp_path / "training.json", "--train", "30")
    assert found.returncode == 1
    assert "36 frames are too few for 30 + 12" in found.stderr


def test_it_samples_its_own_frames(
    tables: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    program = importlib.import_module("training")
    monkeypatch.setattr(program, "LEARNING_STEPS", 4000)
    monkeypatch.setattr(program, "FRAME_STEPS", 200)
    path = program.make_frames(tmp_path, tables["Ni-Nb"], 10)
    train, held = program.divided(read_frames(path), 7, 3)
    assert (len(train), len(held), train.atoms) == (7, 3, 32)
    assert not set(train.energy) & set(held.energy)
