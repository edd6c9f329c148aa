"""`potstill label`: the calculator's own labels, kept by frame; failed frames are listed."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase.calculators.emt import EMT
from emt_frames import emt_frames
from typer.testing import Result

from potstill.errors import PotstillError

# A module of the user's own: EMT that notes each call, and fails where an atom is too far up.
OWN = """
from ase.calculators.emt import EMT

class Counted(EMT):
    def __init__(self, highest=1e9):
        super().__init__()
        self.highest = highest

    def calculate(self, atoms=None, properties=("energy",), system_changes=()):
        with open("calls.txt", "a") as calls:
            calls.write("called\\n")
        if atoms.positions[:, 2].max() > self.highest:
            raise RuntimeError("SCF did not\\nconverge")
        super().calculate(atoms, properties, system_changes)
"""


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[ase.Atoms]:
    """Four frames of copper without labels in pool.xyz, of two groups, the last one long."""
    images = [frame.atoms for frame in emt_frames(4)]
    del images[1][5]
    images[3].positions[0, 2] += 20.0
    for number, image in enumerate(images):
        image.info |= {"group": "crystal" if number != 1 else "a vacancy", "index": number}
    ase.io.write(tmp_path / "pool.xyz", images)
    (tmp_path / "own_counted.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(sys.path))
    return ase.io.read("pool.xyz", ":")


def calls() -> int:
    return len(Path("calls.txt").read_text().splitlines())


def test_labels_are_those_of_the_calculator(
    pool: list[ase.Atoms], potstill: Callable[..., Result]
) -> None:
    potstill("label", "pool.xyz", "--calculator", "ase.calculators.emt.EMT", "-o", "out.xyz")
    found = ase.io.read("out.xyz", ":")
    for before, after in zip(pool, found, strict=True):
        before.calc = EMT()
        assert after.get_potential_energy() == pytest.approx(before.get_potential_energy())
        np.testing.assert_allclose(after.get_forces(), before.get_forces(), atol=1e-12)
        np.testing.assert_allclose(after.get_stress(), before.get_stress(), atol=1e-12)
        assert {key: after.info[key] for key in ("group", "index")} == before.info
        assert "energies" not in after.calc.results
    told = json.loads(Path("out.json").read_text())
    assert (told["frames"], told["labelled"], told["failed"]) == (4, 4, {})
    assert told["calculator"] == "ase.calculators.emt.EMT"


def test_failed_frames_are_listed_and_the_others_kept(
    pool: list[ase.Atoms], potstill: Callable[..., Result]
) -> None:
    Path("arguments.yaml").write_text("highest: 15.0\n")
    words = ["label", "pool.xyz", "--calculator", "own_counted.Counted", "-o", "out.xyz"]
    words += ["--arguments", "arguments.yaml"]
    with pytest.raises(PotstillError) as refused:
        potstill(*words)
    assert str(refused.value) == (
        "frame 3 of pool.xyz failed (frame 3: SCF did not converge); at most 0 of 4 may. See why, "
        "or raise --failed-share"
    )
    assert calls() == 4 and not Path("out.xyz").exists()
    result = potstill(*words, "--failed-share", "0.25")
    assert calls() == 5  # three are kept, and the one that failed is tried again
    assert "3 of 4 frames labelled; 1 left out, listed in out.json" in result.stdout
    told = json.loads(Path("out.json").read_text())
    assert told["failed"] == {"3": "SCF did not converge"}
    assert told["arguments"] == {"highest": 15.0}
    groups = [image.info["group"] for image in ase.io.read("out.xyz", ":")]
    assert groups == ["crystal", "a vacancy", "crystal"]
    first = Path("out.xyz").read_bytes()
    potstill(*words, "--failed-share", "0.25")
    assert Path("out.xyz").read_bytes() == first


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["pool.xyz", "--calculator", "EMT"], "^--calculator: 'EMT' is no class with its module"),
        (["pool.xyz", "--calculator", "nosuch.EMT"], "^--calculator: nosuch cannot be imported"),
        (
            ["pool.xyz", "--calculator", "own_counted.Counted", "--arguments", "own_counted.py"],
            r"^own_counted.py: not valid YAML|^own_counted.py: holds no settings",
        ),
        (
            ["pool.xyz", "--calculator", "own_counted.Counted", "--arguments", "kpts.yaml"],
            "^--arguments: own_counted.Counted does not take them .*kpts",
        ),
        (["none.xyz", "--calculator", "own_counted.Counted"], "^none.xyz: no such file"),
        (
            ["pool.xyz", "--calculator", "own_counted.Counted", "-o", "pool.xyz"],
            "^pool.xyz: is an input as well",
        ),
    ],
)
def test_bad_input_is_one_line(
    pool: list[ase.Atoms], potstill: Callable[..., Result], words: list[str], message: str
) -> None:
    Path("kpts.yaml").write_text("kpts: 3\n")
    with pytest.raises(PotstillError, match=message) as refused:
        potstill("label", *words)
    assert "\n" not in str(refused.value)
    assert len(ase.io.read("pool.xyz", ":")) == 4
