"""The neighbour lists of the engine against the general list of any cell."""

import numpy as np
import pytest
from numba import njit

from potstill.potentials.eam_kernel import Tables
from potstill.potentials.neighbours import HalfList, half_list, image_reach
from potstill.sampling.lists import make_scratch, update_lists

TABLES = Tables(np.zeros((1, 8)), 0.0, 1.0, 1.0, np.zeros((1, 4)), 1.0)
# Atoms, edge and aspect of the cell, and cut-offs below and above half, one and two edges.
CASES = [
    (32, 7.2, 1.0, (3.0, 6.3, 8.4)),
    (108, 10.9, 1.0, (5.0, 8.4, 11.5)),
    (54, 9.9, 1.0, (9.2,)),
    (13, 5.0, 3.0, (2.4, 9.2, 10.1)),
    (4, 3.6, 1.0, (6.3,)),
    (1, 2.6, 1.0, (5.3,)),
]


@njit
def scratch(atoms, tables, aspect):
    return make_scratch(atoms, 4, tables, aspect)


def pairs(listed):
    start, partner, image = listed.start, listed.partner, listed.image
    owner = np.repeat(np.arange(len(start) - 1), np.diff(start.astype(int)))
    return sorted(zip(owner, partner[: start[-1]], image[: start[-1]], strict=True))


@pytest.mark.parametrize(("atoms", "length", "aspect", "cutoffs"), CASES)
def test_the_outer_list_has_the_pairs_of_the_general_one(atoms, length, aspect, cutoffs):
    edges = length * np.array([1, 1, aspect])
    cell = np.diag(edges)
    for seed, cutoff in enumerate(cutoffs):
        x = np.zeros((atoms, 4))
        x[:, :3] = edges * np.random.default_rng(seed).uniform(-1, 2, (atoms, 3))
        made = scratch(atoms, TABLES, aspect)
        assert update_lists(x, length, cutoff - 0.5, cutoff, made)
        assert np.all((x[:, :3] >= 0) & (x[:, :3] <= edges))  # it has wrapped them
        room = (atoms + 1, 900 * atoms, 900 * atoms)
        general = HalfList(*(np.zeros(size, dtype=np.uint32) for size in room))
        inverse = np.linalg.inv(cell)
        reach = image_reach(inverse, cutoff)
        assert half_list(x, cell, inverse, cutoff, reach, general) > 0
        assert pairs(made.outer) == pairs(general)
        count = half_list(x, cell, inverse, cutoff - 0.5, reach, general)
        assert made.inner.start[-1] == count
        assert pairs(made.inner) == pairs(general)


def test_a_collapsed_cell_has_no_room():
    for length in (0.5, np.nan):
        assert not update_lists(np.zeros((32, 4)), length, 6.0, 8.0, scratch(32, TABLES, 1.0))
    x = np.zeros((32, 4))  # few images, but more pairs than the list holds
    x[:, :3] = np.random.default_rng(1).random((32, 3)) * 3.0
    assert not update_lists(x, 3.0, 6.0, 8.0, scratch(32, TABLES, 1.0))
