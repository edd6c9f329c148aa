"""`potstill explore`: the next frames to label."""

from collections.abc import Callable
from pathlib import Path

import ase.io
import pytest
from typer.testing import Result

from potstill.errors import PotstillError
from potstill.foundation.frame_orders import EXAMPLE

MODEL = EXAMPLE / "nickel.pt"


@pytest.fixture
def known(tmp_path: Path, potstill: Callable[..., Result]) -> Path:
    """Frames that stand for those trained on."""
    potstill("frames", "Ni", "-n", 4, "-o", tmp_path / "known.xyz")
    return tmp_path / "known.xyz"


def test_the_next_frames(known: Path, tmp_path: Path, potstill: Callable[..., Result]):
    words = ["explore", MODEL, known, "-n", 3, "--crystal-at", 200, "--lattice-constant", 3.516]
    words += ["--frames-of-run", 1]
    said = potstill(*words, "-o", tmp_path / "next.xyz").stdout
    assert "next.xyz: 3 frames to label" in said and "of 5 runs and relaxations" in said
    found = ase.io.read(tmp_path / "next.xyz", ":")
    assert len(found) == 3 and all(atoms.info["source"] for atoms in found)
    assert [atoms.info["group"] for atoms in found] == ["drawn", "others", "others"]
    assert [atoms.info["source"][:8] for atoms in found[1:]] == ["strained"] * 2
    potstill(*words, "-o", tmp_path / "again.xyz")
    assert (tmp_path / "again.xyz").read_bytes() == (tmp_path / "next.xyz").read_bytes()


def test_what_cannot_be_explored(known: Path, tmp_path: Path, potstill: Callable[..., Result]):
    out = tmp_path / "next.xyz"
    with pytest.raises(PotstillError, match="no run to explore; name one with --crystal-at"):
        potstill("explore", MODEL, known, "-o", out)
    with pytest.raises(PotstillError, match="-n 3: one frame of each of 2 runs is written, and 2"):
        runs = ["--crystal-at", 300, "--liquid-at", 900]
        potstill("explore", MODEL, known, *runs, "-n", 3, "-o", out)
    with pytest.raises(PotstillError, match="is an input as well"):
        potstill("explore", MODEL, known, "--crystal-at", 300, "-o", known)
    assert not out.exists()
