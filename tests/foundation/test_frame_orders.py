"""Frames for a metal: scaled exactly, nested, and the file that is shipped."""

import json

import numpy as np
import pytest
from ase.build import bulk
from ase.neighborlist import neighbor_list

from potstill.errors import PotstillError
from potstill.foundation.frame_orders import (
    FILE,
    FoundationalSet,
    Order,
    first_frames,
    read_set,
    write_set,
)
from potstill.foundation.metal_crystal import MetalCrystal
from potstill.translation.scaling import BAIN

METALS = [
    MetalCrystal("Cu", "fcc", 3.615),
    MetalCrystal("W", "bcc", 3.165),
    MetalCrystal("Mg", "hcp", 3.21, 1.62),
]


@pytest.fixture(scope="module")
def perfect() -> FoundationalSet:
    """A set of one frame, the perfect crystal, as it is and stretched."""
    crystal = bulk("Ni", "fcc", a=4 ** (1 / 3), cubic=True) * 2
    one = Order(np.array([0, 0]), np.array([0, 1]))
    return FoundationalSet(
        crystal.get_scaled_positions()[None].astype(np.float32),
        crystal.cell.array[None].astype(np.float32),
        {"walk": np.ones(3), "stretched": BAIN},
        {"fcc": one, "bcc": one, "hcp": one},
        {},
    )


@pytest.fixture(scope="module")
def shipped() -> FoundationalSet:
    return read_set()


def bonds(atoms, reach):
    """Return the lengths of all bonds shorter than this, and how many an atom has."""
    lengths = neighbor_list("d", atoms, reach)
    return lengths, len(lengths) / len(atoms)


@pytest.mark.parametrize("crystal", METALS, ids=str)
def test_a_perfect_crystal_becomes_the_metals(perfect, crystal):
    """FCC has the metal's volume and the distance that follows; stretched it is BCC, its own."""
    found = first_frames(crystal, 2, perfect)
    assert found.kinds == ["walk", "stretched"] and found.frames.symbol == crystal.symbol
    np.testing.assert_allclose(found.frames.volume / 32, crystal.volume_A3, rtol=1e-6)
    fcc, bcc = (found.frames.image(k) for k in range(2))
    for atoms, other, many in ((fcc, "fcc", 12), (bcc, "bcc", 8)):
        edge = (crystal.volume_A3 * {"fcc": 4, "bcc": 2}[other]) ** (1 / 3)
        nearest = MetalCrystal(crystal.symbol, other, edge).nearest_A
        lengths, each = bonds(atoms, 1.05 * nearest)
        assert each == many
        np.testing.assert_allclose(lengths, nearest, rtol=1e-6)
    if crystal.structure == "bcc":
        assert bonds(bcc, 1.05 * crystal.nearest_A)[0].mean() == pytest.approx(crystal.nearest_A)


@pytest.mark.parametrize("crystal", METALS, ids=str)
def test_the_first_are_the_same_however_many_are_asked_for(shipped, crystal):
    few, many = (first_frames(crystal, count, shipped) for count in (64, 200))
    assert few.kinds == many.kinds[:64]
    np.testing.assert_array_equal(few.frames.positions, many.frames[:64].positions)
    np.testing.assert_array_equal(few.frames.cell, many.frames[:64].cell)
    np.testing.assert_array_equal(few.frames.columns["order"], np.arange(64))


def test_two_metals_differ_by_their_lengths_alone(shipped):
    """So fractional coordinates are kept, and a volume is in the ratio of the crystals'."""
    copper, tungsten = METALS[0], MetalCrystal("W", "fcc", 4.05)
    one, other = (first_frames(crystal, 300, shipped).frames for crystal in (copper, tungsten))
    ratio = (tungsten.volume_A3 / copper.volume_A3) ** (1 / 3)
    assert ratio == pytest.approx(4.05 / 3.615)
    np.testing.assert_allclose(other.cell, ratio * one.cell, rtol=1e-12)
    np.testing.assert_allclose(other.positions, ratio * one.positions, rtol=1e-12, atol=1e-12)


def test_a_stretch_keeps_the_volume_and_the_fractions(shipped):
    order = shipped.orders["bcc"]
    found = first_frames(METALS[1], len(order.frame), shipped)
    stretched = np.flatnonzero(np.array(found.kinds) == "stretched")
    assert 0.2 < len(stretched) / len(order.frame) < 0.8
    for k in stretched[:20]:
        frame, atoms = order.frame[k], found.frames.image(int(k))
        plain = shipped.cell[frame].astype(float) * METALS[1].volume_A3 ** (1 / 3)
        assert atoms.get_volume() == pytest.approx(np.linalg.det(plain), rel=1e-12)
        np.testing.assert_allclose(atoms.cell.array, plain * BAIN, rtol=1e-12)
        apart = atoms.get_scaled_positions() - shipped.fractional[frame]
        np.testing.assert_allclose(apart - apart.round(), 0, atol=1e-7)


def test_the_shipped_file(shipped):
    assert FILE.stat().st_size < 300_000
    assert {len(order.frame) for order in shipped.orders.values()} == {300}
    assert len(shipped.attributes["walk_sha256"]) == 64
    assert json.loads(shipped.attributes["walk_summary"])["seed"] > 0
    for order in shipped.orders.values():  # no frame comes twice in one form
        assert len(np.unique(np.stack(order), axis=1).T) == 300
    volume = np.linalg.det(shipped.cell.astype(float)) / shipped.fractional.shape[1]
    assert 0.89 < volume.min() < 0.93 and 1.2 < volume.max() < 1.7  # dense crystals, hot liquids
    for crystal in METALS:  # none of them holds atoms on top of each other
        frames = first_frames(crystal, 300, shipped).frames
        nearest = min(
            bonds(frames.image(k), 1.2 * crystal.nearest_A)[0].min() for k in range(0, 300, 7)
        )
        assert nearest > 0.6 * crystal.nearest_A


def test_a_set_is_read_as_it_was_written(perfect, tmp_path):
    for name in ("one.h5", "two.h5"):
        write_set(tmp_path / name, perfect)
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()
    again = read_set(tmp_path / "one.h5")
    np.testing.assert_array_equal(again.fractional, perfect.fractional)
    np.testing.assert_array_equal(again.cell, perfect.cell)
    assert list(again.forms) == list(perfect.forms)
    np.testing.assert_array_equal(again.forms["stretched"], BAIN)
    np.testing.assert_array_equal(again.orders["bcc"], perfect.orders["bcc"])


def test_more_than_there_are(shipped):
    with pytest.raises(PotstillError, match=r"301 frames: there are 300 for fcc metals; ask for f"):
        first_frames(METALS[0], 301, shipped)
