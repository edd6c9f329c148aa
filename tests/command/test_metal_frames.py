"""`potstill frames`: frames of a metal that any program reads, and what it refuses."""

import ase.io
import numpy as np
import pytest

from potstill.errors import PotstillError
from potstill.foundation.frame_orders import first_frames, read_set
from potstill.foundation.metal_crystal import MetalCrystal


@pytest.mark.parametrize(
    "words, crystal",
    [
        (("Cu", "--lattice-constant", 3.615), MetalCrystal("Cu", "fcc", 3.615)),
        (("W", "--lattice-constant", 3.165, "--crystal", "bcc"), MetalCrystal("W", "bcc", 3.165)),
        (
            ("Ti", "--lattice-constant", 2.95, "--c-over-a", 1.59),
            MetalCrystal("Ti", "hcp", 2.95, 1.59),
        ),
    ],
)
def test_ase_reads_the_librarys_frames(potstill, tmp_path, words, crystal):
    out = tmp_path / "metal.xyz"
    told = potstill("frames", *words, "-n", 20, "-o", out).stdout
    assert f"{out}: 20 frames for {crystal}: " in told and "strained" in told
    wanted = first_frames(crystal, 20, read_set())
    images = ase.io.read(out, ":")
    assert len(images) == 20 and all(image.pbc.all() for image in images)
    for k, image in enumerate(images):
        assert image.get_chemical_symbols() == [crystal.symbol] * 32
        assert image.info["order"] == k and image.info["kind"] == wanted.kinds[k]
        np.testing.assert_array_equal(image.positions, wanted.frames.image(k).positions)
        np.testing.assert_array_equal(image.cell.array, wanted.frames.cell[k])
    before = out.read_bytes()
    potstill("frames", *words, "-n", 20, "-o", out)
    assert out.read_bytes() == before


def test_it_says_what_is_of_ase(potstill, tmp_path):
    out = tmp_path / "w.xyz"
    for words, said in [
        (("W",), "crystal bcc (ASE's), lattice constant 3.16 A (ASE's)"),
        (("Zn", "--lattice-constant", 2.66), "crystal hcp (ASE's), c/a 1.856 (ASE's)"),
        (("Cu", "--lattice-constant", 2.6, "--crystal", "hcp"), "c/a 1.633 (ideal)"),
    ]:
        assert potstill("frames", *words, "-n", 3, "-o", out).stderr == (
            f"not given, so taken: {said}\n"
        )
    told = potstill("frames", "Cu", "--crystal", "fcc", "--lattice-constant", 3.6, "-o", out)
    assert told.stderr == "" and "64 frames" in told.stdout


def test_bad_input(potstill, tmp_path):
    out = tmp_path / "out.xyz"
    for words, said in [
        (("Qq",), r"'Qq' is no chemical symbol"),
        (("Cu", "-n", 500), r"500 frames: there are 300 for fcc metals"),
        (("Cu", "--crystal", "bcc"), r"give it, in A, with --lattice-constant"),
        (("Cu", "--lattice-constant", 2.2), r"--lattice-constant: fcc Cu"),
    ]:
        with pytest.raises(PotstillError, match=said) as error:
            potstill("frames", *words, "-o", out)
        assert "\n" not in str(error.value)
    with pytest.raises(PotstillError, match=r"a folder; name a file in it"):
        potstill("frames", "Cu", "-o", tmp_path)
    assert potstill("frames", "Cu", "--crystal", "sc", "-o", out).exit_code == 2
    assert not out.exists()
