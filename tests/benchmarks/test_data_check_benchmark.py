"""The benchmark of the data check counts what it refuses of good and of faulty sets."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from ase.io import write

from potstill.data.frames import read_frames

ROOT = Path(__file__).parents[2]


def test_good_sets_pass_and_faults_are_counted(
    frames: Path, tables: dict[str, Path], tmp_path: Path
) -> None:
    output, given = tmp_path / "check.json", tmp_path / "nickel.xyz"
    held = read_frames(frames)
    write(given, [held.to_ase(f) for f in range(len(held))], format="extxyz")
    program = [sys.executable, str(ROOT / "benchmarks/data_check.py")]
    table = f"{tables['Al']}:Al:fcc:4.05"
    arguments = [output, given, "--table", table, "--atoms", 2, "--largest", 12]
    found = subprocess.run(
        [*program, *map(str, arguments)], capture_output=True, text=True, env=os.environ
    )
    assert found.returncode == 0, found.stderr
    content = json.loads(output.read_text())
    # four kinds of 5, 8 and 12 frames, and the file's 36 in six sizes
    assert len(content["good"]) == 4 * 3 + 6
    assert {row["verdict"] for row in content["good"]} == {"passed"}
    assert Counter(row["set"] for row in content["faulty"])["nickel, 32 atoms"] == 2 * 7
    caught = {row["fault"] for row in content["faulty"] if row["verdict"] == "refused"}
    assert {"forces of wrong sign", "energies in Hartree"} <= caught
    assert "| energies in Rydberg | 12 | 5 |" in found.stdout
