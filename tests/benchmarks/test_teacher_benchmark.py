"""The benchmark of teachers: where the DFT is the teacher itself, the two do not differ."""

import json
import subprocess
import sys
from pathlib import Path

from emt_frames import emt_frames, write_xyz

ROOT = Path(__file__).parents[2]


def test_a_teacher_that_labelled_the_frames_is_no_distance_from_them(tmp_path: Path) -> None:
    write_xyz(tmp_path / "dft.xyz", emt_frames(4))
    (tmp_path / "arguments.yaml").write_text("asap_cutoff: true\n")
    (tmp_path / "training.yaml").write_text("{members: 2, steps: 200, stress_weight: 0.1}\n")
    program = [sys.executable, str(ROOT / "benchmarks/teacher.py"), "found.json", "Cu", "3.6"]
    given = ["--crystal", "fcc", "--calculator", "ase.calculators.emt.EMT", "--frames", "16"]
    files = ["--arguments", "arguments.yaml", "--training", "training.yaml", "--dft", "dft.xyz"]
    ran = subprocess.run([*program, *given, *files], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    on = found["on"]["dft.xyz"]
    assert on["teacher against DFT"] == {"energy_meV_per_atom": 0, "force_meV_per_A": 0}
    assert on["student against DFT"] == on["student against teacher"]
    assert 0 < on["student against teacher"]["force_meV_per_A"] < 500
    assert found["properties"]["teacher"]["FCC, meV"] == 0
    assert set(found["seconds_a_call"]["student"]) == {"32", "256"}
