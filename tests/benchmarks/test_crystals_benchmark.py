"""The benchmark of crystals trains each settings with each seed, and its errors are EAM's."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SMALL = "steps: 10, members: 2, validation_interval: 5, layers: [8]"


def test_a_row_for_each_settings_and_seed(
    frames: Path, tables: dict[str, Path], tmp_path: Path
) -> None:
    output = tmp_path / "crystals.json"
    program = [sys.executable, str(ROOT / "benchmarks/crystals.py")]
    files = [output, tables["Ni-Nb"], frames, frames]
    cases = [f"{{{SMALL}}}", f"{{{SMALL}, energy_weight: 5}}"]
    arguments = [*files, "--seeds", 2, "--count", 24, "--test", 6, "--settings", *cases]
    found = subprocess.run(
        [*program, *map(str, arguments)], capture_output=True, text=True, env=os.environ
    )
    assert found.returncode == 0, found.stderr
    content = json.loads(output.read_text())
    assert content["frames"] == 24
    rows = content["runs"]
    assert [(r["settings"].get("energy_weight"), r["seed"]) for r in rows] == [
        (None, 1),
        (None, 2),
        (5, 1),
        (5, 2),
    ]
    assert len({str(row["crystals"]) for row in rows}) == 4  # each training is one of its own
    (errors,) = rows[0]["errors"].values()
    assert errors["mae_meV_per_atom"] > 0
    # the log of EAM's crystals stands for the reference: FCC of nickel at its printed energy
    assert "Ni FCC with EAM: 2.4864 A, -4.87631 eV/atom" in found.stderr + found.stdout
