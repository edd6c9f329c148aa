"""Whatever evaluates a geometry refuses what cannot be evaluated, by frame and atom."""

import re

import numpy as np
import pytest

from potstill.data.geometry import check_geometry, completed, enclosed
from potstill.data.structures import Structures
from potstill.errors import PotstillError


def three(pbc: tuple[bool, bool, bool] = (True, True, True)) -> Structures:
    """Three structures of 4, 2 and 5 atoms in cubes."""
    random = np.random.default_rng(0)
    return Structures(
        start=np.array([0, 4, 6, 11]),
        species=np.full(11, 28),
        positions=random.random((11, 3)),
        cell=np.stack([3.0 * np.eye(3)] * 3),
        pbc=np.array([pbc] * 3),
    )


def spoilt(name: str, place: tuple[int, ...], value: float) -> Structures:
    given = three()
    getattr(given, name)[place] = value
    return given


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (spoilt("positions", (7, 0), np.nan), "^frame 2: the position of atom 1 is not finite"),
        (spoilt("positions", (5, 2), -np.inf), "^frame 1: the position of atom 1 is not finite"),
        (spoilt("cell", (2, 1, 1), np.nan), "^frame 2: its cell is not finite"),
        (spoilt("cell", (1, 0, 2), np.inf), "^frame 1: its cell is not finite"),
        (spoilt("cell", (1, 2, 2), 0.0), "^frame 1: its cell has no volume"),
        (spoilt("start", (1,), 6), "^frame 1: it has no atoms"),
    ],
)
def test_bad_frames_are_named(bad: Structures, message: str) -> None:
    with pytest.raises(PotstillError, match=message):
        check_geometry(bad)
    shifted = re.sub(r"frame (\d)", r"cell 1\1", message)
    with pytest.raises(PotstillError, match=shifted):
        check_geometry(bad, what="cell", first=10)


def test_good_frames_and_none_pass() -> None:
    check_geometry(three())
    check_geometry(three().structures(slice(0)))


@pytest.mark.parametrize("pbc", [(True, True, False), (False, True, False), (False, False, False)])
def test_vectors_of_open_directions_mean_nothing(pbc: tuple[bool, bool, bool]) -> None:
    given = three(pbc)
    for value in (0.0, 1e-9, 50.0):
        given.cell[:, ~np.array(pbc)] = value
        check_geometry(given)
    if any(pbc):
        given.cell[1, pbc.index(True)] = 0.0
        with pytest.raises(PotstillError, match="frame 1: its cell has no volume"):
            check_geometry(given)


def test_completed_and_enclosed_cells() -> None:
    random = np.random.default_rng(1)
    cell = np.eye(3) * 4 + random.uniform(-1, 1, (4, 3, 3))
    pbc = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 0], [0, 0, 0]], dtype=bool)
    made = completed(cell, pbc)
    np.testing.assert_array_equal(made[pbc], cell[pbc])
    for f in range(4):
        rest = made[f, ~pbc[f]]
        np.testing.assert_allclose(rest @ rest.T, np.eye(len(rest)), atol=1e-12)
        np.testing.assert_allclose(rest @ cell[f, pbc[f]].T, 0, atol=1e-12)
    positions = random.normal(scale=5, size=(24, 3))
    given = Structures(np.arange(5) * 6, np.full(24, 28), positions, cell, pbc)
    around = enclosed(given, 7.0)
    np.testing.assert_array_equal(around[pbc], cell[pbc])
    for f in range(4):
        x = positions[given.of_atoms_in(f)]
        # along an open direction an atom and any image of another are beyond the cut-off
        for vector in around[f, ~pbc[f]]:
            length = np.linalg.norm(vector)
            assert length - np.ptp(x @ vector / length) > 7.0
