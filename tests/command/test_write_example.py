"""`potstill example`: what it prints works, on structures that are what it says."""

import ase.io
import numpy as np
import pytest

from potstill.data.any_file import read_structures
from potstill.errors import PotstillError
from potstill.foundation.frame_orders import EXAMPLE


def test_the_command_that_is_printed_works(potstill, tmp_path, monkeypatch):
    folder = tmp_path / "new" / "try"
    lines = potstill("example", folder).stdout.splitlines()
    assert lines[0] == f"cd {folder}"
    monkeypatch.chdir(folder)
    program, *words = lines[1].split()
    assert program == "potstill" and words[:2] == ["relax", "nickel.pt"]
    told = potstill(*words, "--steps", 60).stdout
    assert "of 3 structures relaxed" in told
    assert len(ase.io.read("relaxed.xyz", ":")) == 3
    rows = (folder / "table.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == words[2:5]
    before = rows[1].split(",")
    assert before[2:4] == ["Ni32", "32"]


def test_the_structures():
    files = sorted(file for file in EXAMPLE.iterdir() if file.suffix != ".pt")
    shaken, half, vacancy = (
        read_structures([file])[0]
        for file in sorted(files, key=lambda file: ["shaken", "half", "vacancy"].index(file.stem))
    )
    perfect = 3.516**3 / 4
    assert len(vacancy) == 4 * 3**3 - 1
    assert vacancy.get_volume() / 108 == pytest.approx(perfect)
    assert half.get_volume() / 32 == pytest.approx(perfect / 2)
    assert shaken.get_volume() / 32 == pytest.approx(perfect)
    fractions = shaken.get_scaled_positions() * 4
    off = (fractions - fractions.round()) * 7.032 / 4
    assert 0.05 < np.sqrt((off**2).mean()) < 0.15
    assert sum(file.stat().st_size for file in EXAMPLE.iterdir()) < 400_000


def test_nothing_is_overwritten(potstill, tmp_path):
    potstill("example", tmp_path)
    potstill("example", tmp_path)  # the same again
    (tmp_path / "shaken.cif").write_text("mine")
    (tmp_path / "half.poscar").unlink()
    with pytest.raises(PotstillError, match=r"shaken.cif: is there already; name another folder"):
        potstill("example", tmp_path)
    assert (tmp_path / "shaken.cif").read_text() == "mine"
    assert not (tmp_path / "half.poscar").exists()
    with pytest.raises(PotstillError, match=r"shaken.cif: is a file; name a folder"):
        potstill("example", tmp_path / "shaken.cif")
