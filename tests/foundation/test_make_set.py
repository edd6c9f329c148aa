"""The making of the set: each pick against all others, and what the frames become."""

import numpy as np
import pytest
from ase.build import bulk

from potstill.data.frames import Frames, write_frames
from potstill.descriptors.symmetry_functions import describe, smallest_spread
from potstill.distillation.strategies.d_optimal import RIDGE
from potstill.errors import PotstillError
from potstill.foundation.frame_orders import first_frames, read_set
from potstill.foundation.make_set import EACH, SEED, main, make_set, nested_order
from potstill.foundation.metal_crystal import MetalCrystal
from potstill.foundation.strained_crystals import (
    SHAKE,
    VOLUMES,
    perfect_crystals,
    strained_crystals,
)
from potstill.settings import Descriptor
from potstill.translation.scaling import BAIN

NICKEL = MetalCrystal("Ni", "fcc", 3.52)


@pytest.fixture(scope="module")
def walk() -> Frames:
    """Twelve crystals and six liquids, some atoms outside of the cell."""
    draw = np.random.default_rng(5)
    perfect = bulk("Ni", "fcc", a=3.52, cubic=True) * 2
    edge = draw.uniform(0.98, 1.06, 18)[:, None, None]
    shake = np.where(np.arange(18) < 12, 0.1, 0.5)[:, None, None]
    positions = edge * (perfect.positions + shake * draw.normal(size=(18, 32, 3)))
    positions[:, 3] += 2 * perfect.cell.lengths()[0] * edge[:, 0]
    order = np.where(np.arange(18) < 12, 25.0, 1.0)
    return Frames.uniform(
        "Ni", positions, edge * perfect.cell.array, columns={"order_parameter": order}
    )


def linear_rows(frames):
    """Return 1 and the mean of the standardised functions of each frame, (F, 1 + D)."""
    features = describe(frames, Descriptor(), ("Ni",))
    spread = np.maximum(features.std(axis=0), smallest_spread(Descriptor()))
    means = (features - features.mean(axis=0)) / spread
    return np.insert(means.reshape(len(frames), -1, means.shape[1]).mean(axis=1), 0, 1, axis=1)


def test_each_frame_raises_the_determinant_most(walk):
    rows = linear_rows(walk)
    order = nested_order(walk, 10)
    assert len(set(order.tolist())) == 10
    for place, taken in enumerate(order):
        before = rows[order[:place]]
        found = [
            -np.inf
            if k in order[:place]
            else np.linalg.slogdet(
                RIDGE * np.eye(rows.shape[1]) + before.T @ before + np.outer(row, row)
            )[1]
            for k, row in enumerate(rows)
        ]
        assert found[taken] == pytest.approx(max(found), abs=1e-4)  # features are float32 there


def test_fewer_frames_are_the_first_of_more(walk):
    np.testing.assert_array_equal(nested_order(walk, 4), nested_order(walk, 9)[:4])


def test_frames_come_back_as_they_were(walk):
    """Of the walk's own metal: the same cells, and positions but for whole cells."""
    found = make_set(walk, NICKEL, 24)
    whole = first_frames(NICKEL, 24, found)
    frames = whole.frames[[kind == "walk" for kind in whole.kinds]]
    order = found.orders["fcc"]
    rows = found.attributes["row_in_walk"][order.frame[order.form == 0]]
    assert sorted(rows) == list(range(18))
    np.testing.assert_allclose(frames.cell, walk[rows].cell, rtol=1e-6)
    moved = (frames.positions - walk[rows].positions).reshape(18, 32, 3)
    apart = moved @ np.linalg.inv(frames.cell)
    np.testing.assert_allclose(apart - apart.round(), 0, atol=1e-6)


def test_only_crystals_are_stretched_and_only_for_bcc(walk):
    found = make_set(walk, NICKEL, 24)
    assert not (found.orders["fcc"].form == 1).any()
    order = found.orders["bcc"]
    rows = found.attributes["row_in_walk"][order.frame[order.form == 1]]
    assert 0 < len(rows) < 18 and (rows < 12).all()
    frames = first_frames(NICKEL, 24, found).frames
    stretched = first_frames(MetalCrystal("Ni", "bcc", 2.8), 24, found).frames
    ratio = 2.8 * 2 ** (1 / 3) / 3.52
    for k in np.flatnonzero(order.form == 1):
        same = found.orders["fcc"].frame.tolist().index(order.frame[k])
        np.testing.assert_allclose(stretched.cell[k], ratio * BAIN * frames.cell[same], rtol=1e-6)


def test_one_in_four_is_a_strained_crystal(walk):
    """The same ones for all crystals, each scaled to the metal."""
    found = make_set(walk, NICKEL, 19)
    for metal in (NICKEL, MetalCrystal("Mg", "hcp", 3.2, 1.62), MetalCrystal("W", "bcc", 3.16)):
        made = first_frames(metal, 19, found)
        places = [k for k, kind in enumerate(made.kinds) if kind == "strained"]
        assert places == [3, 7, 11, 15]
        volumes = made.frames.volume[places] / 32 / metal.volume_A3
        assert (VOLUMES[0] <= volumes).all() and (volumes <= VOLUMES[1]).all()
        unit = made.frames.cell[places] / metal.volume_A3 ** (1 / 3)
        same = first_frames(NICKEL, 19, found).frames.cell[places] / NICKEL.volume_A3 ** (1 / 3)
        np.testing.assert_allclose(unit, same, rtol=1e-6)


def test_kinds_of_crystals_come_in_turn(walk):
    found = make_set(walk, NICKEL, 19)
    order = found.orders["fcc"]
    drawn = strained_crystals(EACH, SEED).cell.astype(np.float32)
    taken = [
        int(np.flatnonzero((drawn == found.cell[frame]).all(axis=(1, 2)))[0])
        for frame in order.frame[order.form == 2]
    ]
    assert [number // EACH for number in taken] == [0, 1, 2, 0] and len(set(taken)) == 4


def test_strained_crystals_are_near_perfect_ones():
    """Of each kind as many, of the volumes that are said, and only as far from it as that."""
    found = strained_crystals(4, 1)
    assert found.fractional.shape == (12, 32, 3)
    volumes = np.linalg.det(found.cell) / 32
    assert (VOLUMES[0] <= volumes).all() and (volumes <= VOLUMES[1]).all()
    perfect = [one.get_scaled_positions() for one in perfect_crystals().values()]
    for one in perfect_crystals().values():
        assert len(one) == 32 and one.get_volume() / 32 == pytest.approx(1)
    for k, cell in enumerate(found.cell):
        apart = found.fractional[k] - perfect[k // 4]
        moved = (apart - apart.round()) @ cell
        assert 0 < np.sqrt((moved**2).mean()) < 1.3 * SHAKE
    np.testing.assert_array_equal(strained_crystals(2, 1).cell[0], found.cell[0])
    assert (strained_crystals(1, 2).cell[0] != found.cell[0]).any()


def test_the_command_says_what_made_the_file(walk, tmp_path):
    write_frames(tmp_path / "walk.h5", walk)
    (tmp_path / "walk.json").write_text('{"seed": 3}')
    out = tmp_path / "made.h5"
    words = [str(tmp_path / "walk.h5"), "--lattice-constant", "3.52", "-o", str(out)]
    assert main([*words, "-n", "40"]) == "error: the walk holds 18 frames; ask for fewer than 40"
    assert main(["absent.h5", *words[1:]]).startswith("error: absent.h5: no such frame file")
    assert not out.exists()
    assert main([*words, "-n", "6"]) is None
    before = out.read_bytes()
    assert main([*words, "-n", "6"]) is None and out.read_bytes() == before
    attributes = read_set(out).attributes
    assert attributes["made_by"] == "python -m potstill.foundation.make_set"
    assert attributes["walk_summary"] == '{"seed": 3}'
    assert attributes["lattice_constant_A"] == 3.52 and attributes["symbol"] == "Ni"
    assert str(tmp_path).encode() not in before


def test_a_walk_of_another_kind(walk):
    with pytest.raises(
        PotstillError, match=r"the walk is not of Cu in one size; name another walk"
    ):
        make_set(walk, MetalCrystal("Cu", "fcc", 3.6), 4)
    walk = walk[:]
    walk.columns.clear()
    with pytest.raises(PotstillError, match=r"the walk has no order parameter"):
        make_set(walk, NICKEL, 4)
