"""The accuracy benchmark tells what the evaluations that it keeps hold."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from potstill.models import load_ensemble

ROOT = Path(__file__).parents[2]
SETTINGS = "{steps: 10, members: 2, validation_interval: 5, layers: [8]}"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(ROOT / "benchmarks/accuracy.py")]
    return subprocess.run(
        [*program, *map(str, arguments)], capture_output=True, text=True, env=os.environ
    )


def test_medians_are_those_of_the_kept_evaluations(frames: Path, tmp_path: Path) -> None:
    output, kept = tmp_path / "accuracy.json", tmp_path / "kept"
    sizes = ["--train", 24, "--seeds", 2, "--settings", SETTINGS, "--keep", kept]
    found = run(output, frames, frames, *sizes)
    assert found.returncode == 0, found.stderr
    content = json.loads(output.read_text())
    assert content["settings"]["steps"] == 10
    rows = {row["set"]: row for row in content["errors"]}
    assert set(rows) == {"rest", "frames"}
    for name, row in rows.items():
        told = [json.loads((kept / f"24-{seed}/on-{name}.json").read_text()) for seed in (1, 2)]
        assert {e["frames"] for e in told} == {12 if name == "rest" else 36}
        errors = sorted(e["mae_meV_per_atom"] for e in told)
        assert row["frames"] == 24
        expected = [sum(errors) / 2, errors[0], errors[1]]
        assert row["mae_meV_per_atom"] == pytest.approx(expected, abs=1e-3)
    trained = [load_ensemble(kept / f"24-{seed}/ensemble.pt") for seed in (1, 2)]
    assert len({float(ensemble.self_energies_eV) for ensemble in trained}) == 2


def test_too_few_frames_are_refused(frames: Path, tmp_path: Path) -> None:
    found = run(tmp_path / "accuracy.json", frames, "--train", 30, "--test", 12)
    assert found.returncode == 1
    assert "36 frames are too few for 30 + 12" in found.stderr


def test_a_wrong_setting_is_named(frames: Path, tmp_path: Path) -> None:
    found = run(tmp_path / "accuracy.json", frames, "--settings", "{stepz: 10}")
    assert found.returncode == 2
    assert "stepz" in found.stderr
