"""The benchmark on DFT frames chooses, trains and tests, and goes on where it was stopped."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from emt_frames import emt_frames, write_xyz

from potstill.data.any_file import read_frames_file

ROOT = Path(__file__).parents[2]
SETTINGS = {"members": 2, "steps": 40, "validation_interval": 20}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 24 frames to train on, 6 to test on, and settings of training."""
    folder = tmp_path_factory.mktemp("dft")
    write_xyz(folder / "train.xyz", emt_frames(24))
    write_xyz(folder / "test.xyz", emt_frames(6, seed=2))
    (folder / "training.yaml").write_text(yaml.safe_dump(SETTINGS))
    return folder


def run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark there."""
    program = [sys.executable, str(ROOT / "benchmarks/dft.py"), "found.json"]
    given = ["--train", "train.xyz", "--test", "test.xyz", "--training", "training.yaml"]
    return subprocess.run([*program, *given, *more], cwd=folder, capture_output=True, text=True)


def test_each_rule_and_number_is_a_model(folder: Path) -> None:
    first = run(folder, "--counts", "8", "--rules", "random", "doubt")
    assert first.returncode == 0, first.stderr
    runs = json.loads((folder / "found.json").read_text())["runs"]
    named = [(one["rule"], one["frames"]) for one in runs]
    assert named == [("random", 8), ("doubt", 8), ("", 24)]
    assert all(set(one["test"]) == {"all"} for one in runs)  # one size, one element, no groups
    assert all(one["test"]["all"]["stress_GPa"] > 0 for one in runs)
    again = run(folder, "--counts", "8", "--rules", "random", "d_optimal", "--not-all")
    more = json.loads((folder / "found.json").read_text())["runs"]
    assert more[:3] == runs and [one["rule"] for one in more[3:]] == ["d_optimal"]
    assert "| potstill | d_optimal | 8 |" in again.stdout
    other = run(folder, "--checked")
    assert other.returncode and "found.json: of other frames or settings" in other.stderr


@pytest.mark.parametrize("rule", ["random", "d_optimal", "direct", "doubt"])
def test_a_rule_chooses_so_many_once(
    folder: Path, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from choices import chosen

    from potstill.settings import Training

    pool = read_frames_file(folder / "train.xyz").frames
    rows = chosen(pool, rule, 6, 1, Training(**SETTINGS))
    assert len(np.unique(rows)) == 6 and rows.max() < len(pool)


def test_a_snap_by_lammps_has_forces_that_follow_from_its_energy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from dft_peers import Snap

    draw = np.random.default_rng(1)
    numbers = 1e-3 * draw.normal(size=15)  # one and the 14 of twojmax 4
    lines = ["1 15", "Cu 0.5 1.0", *(f"{number:.8f}" for number in numbers)]
    (tmp_path / "cu.snapcoeff").write_text("\n".join(lines) + "\n")
    (tmp_path / "cu.snapparam").write_text(
        "rcutfac 4.0\ntwojmax 4\nrfac0 0.99\nrmin0 0\nbzeroflag 0\nquadraticflag 0\n"
    )
    atoms = emt_frames(1)[0].atoms
    atoms.positions -= 1.0  # some are outside of the cell
    atoms.calc = Snap(tmp_path / "cu", "Cu")
    forces, step, energies = atoms.get_forces(), 1e-3, []
    for sign in (1, -1):
        atoms.positions[3, 1] += sign * step
        energies.append(atoms.get_potential_energy())
        atoms.positions[3, 1] -= sign * step
    assert abs(forces[3, 1]) > 1e-4
    assert forces[3, 1] == pytest.approx((energies[1] - energies[0]) / (2 * step), rel=1e-4)
