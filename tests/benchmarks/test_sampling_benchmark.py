"""The benchmark runs and writes its fields; what it times decides nothing here."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TIMES = ("potstill", "lammps_npt", "lammps_biased")
RATIOS = {"ratio_plain": "lammps_npt", "ratio_biased": "lammps_biased"}


def test_benchmark_writes_its_fields(tables: dict[str, Path], tmp_path: Path) -> None:
    output = tmp_path / "bench" / "sampling.json"
    command = [sys.executable, str(ROOT / "benchmarks/sampling.py"), str(output)]
    options = ["--table", str(tables["Ni-Nb"]), "--steps", "100", "--rounds", "1"]
    run = subprocess.run(
        [*command, *options], capture_output=True, text=True, cwd=tmp_path, env=os.environ
    )
    assert run.returncode == 0, run.stderr
    content = json.loads(output.read_text())
    for size in ("32", "108"):
        for fields in (content[size], content[size]["liquid"]):
            # one window each: least and median are the same, and the ratio is theirs
            times = {name: fields[f"{name}_us_per_step"] for name in TIMES}
            for entry in times.values():
                assert 0 < entry["min"] == entry["median"]
            for name, peer in RATIOS.items():
                expected = times[peer]["min"] / times["potstill"]["min"]
                assert math.isclose(fields[name]["min"], expected, rel_tol=2e-3)
            assert fields["check"]["energy_eV"] <= 1e-6
            assert fields["check"]["biased_force_eV_per_A"] <= 1e-6
        assert content["two_thread_speedup"][size]["min"] > 0
    assert content["machine"]["versions"]["lammps"]


def test_benchmark_refuses_windows_of_part_of_a_segment(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks/sampling.py"), str(tmp_path / "a.json")]
    run = subprocess.run([*command, "--steps", "150"], capture_output=True, text=True)
    assert run.returncode == 2
    assert "--steps must be a multiple of 100" in run.stderr
