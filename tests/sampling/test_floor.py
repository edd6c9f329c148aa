"""The enthalpy floor: where it is, its wall, and that a twin is below it and the crystal is not."""

import numpy as np
import pytest
from ase.build import bulk

from potstill.sampling.bias import Mesh, evaluate_bias, order_nodes
from potstill.sampling.floor import LEAVES, STEP_SHARE, Floor, no_floor
from potstill.sampling.order import order_and_gradient, order_vectors

ATOMS = 108
LOW, HIGH, FLOOR_EV = -4.71, -4.01, -4.48
FLOOR = Floor(FLOOR_EV * ATOMS, LOW * ATOMS, ATOMS)
MESH = Mesh(LOW * ATOMS, HIGH * ATOMS, float(ATOMS), 0.6, -0.44)
KT = 0.17


def test_height_is_flat_then_a_line_then_nothing():
    shares = np.array([0.0, 0.22, 0.36, 0.499, 0.51, 1.0])
    expected = [FLOOR_EV, FLOOR_EV, (FLOOR_EV + LOW) / 2, LOW, -np.inf, -np.inf]
    assert FLOOR.height(shares * ATOMS) / ATOMS == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("floor", [Floor(LOW * ATOMS, LOW * ATOMS, ATOMS), no_floor(ATOMS)])
def test_a_floor_at_the_low_limit_is_none(floor):
    h, o = np.full(3, LOW * ATOMS - 5), np.array([0.0, 30.0, 100.0])
    assert not floor.below(h, o).any()
    assert not floor.wall(MESH, (10, 12), KT).any()


def test_the_wall_is_a_parabola_in_the_bias_and_zero_above():
    table = FLOOR.wall(MESH, (400, 200), KT)
    step = (FLOOR_EV - LOW) * STEP_SHARE
    for depth, height in ((0.0, 0.0), (step, 10.0), (2 * step, 40.0), (10 * step, 200.0)):
        value, _, _ = evaluate_bias(table, MESH, (FLOOR_EV - depth) * ATOMS, 0.1 * ATOMS)
        assert value / KT == pytest.approx(height, abs=0.5)
    crystal, melt = (-4.57, 0.75), (-4.36, 0.02)
    for h, o in (crystal, melt, (LOW, 0.85)):
        assert evaluate_bias(table, MESH, h * ATOMS, o * ATOMS)[0] == 0


def test_what_is_learned_goes_on_below_the_floor_as_it_is_there():
    """A basin learned below the floor is gone after; above it nothing changes."""
    nodes = (200, 100)
    enthalpy = np.linspace(MESH.h_low, MESH.h_high, nodes[0])[:, None] / ATOMS
    order = order_nodes(MESH, nodes[1]) / ATOMS
    basin = np.exp(-(((enthalpy + 4.6) / 0.05) ** 2) - ((order - 0.05) / 0.05) ** 2)
    slope = 0.3 * (enthalpy - LOW) + 0 * order
    wall = FLOOR.wall(MESH, nodes, KT)
    leveled = FLOOR.level(wall + slope + basin, MESH, KT)
    below = enthalpy * ATOMS < FLOOR.height(order * ATOMS)
    np.testing.assert_allclose(leveled[~below], (wall + slope + basin)[~below], atol=1e-12)
    flat = order < LEAVES  # where the floor has its full height
    column = (leveled - wall)[:, flat]
    deep = enthalpy[:, 0] < FLOOR_EV - 0.01
    at_floor = column[np.argmax(enthalpy[:, 0] >= FLOOR_EV)]
    np.testing.assert_allclose(column[deep], np.broadcast_to(at_floor, column[deep].shape))


def test_leveling_without_a_floor_changes_nothing():
    learned = np.random.default_rng(1).normal(size=(10, 12))
    assert np.array_equal(no_floor(ATOMS).level(learned, MESH, KT), learned)


def test_a_twin_is_below_the_floor():
    """Each close-packed plane slips by a Shockley partial: one in four terms of O is left."""
    crystal = bulk("Ni", "fcc", a=3.6, cubic=True) * 3
    x = np.zeros((ATOMS, 4))
    x[:, :3] = crystal.positions
    layer = np.round(x[:, :3].sum(axis=1) / 3.6).astype(int)
    x[:, :3] += (layer % 3)[:, None] * 3.6 * np.array([1, 1, -2]) / 6
    vectors = order_vectors("fcc")
    scratch = np.zeros((ATOMS, 2 * len(vectors)))
    order = order_and_gradient(x, 3 * 3.6, 3, vectors, scratch, np.zeros_like(x))
    assert order / ATOMS == pytest.approx(1 / 4)
    # at the enthalpy of the hot crystal
    assert FLOOR.below(np.array([-4.57 * ATOMS]), np.array([order])).all()
    assert not FLOOR.below(np.array([-4.57 * ATOMS]), np.array([0.75 * ATOMS])).any()
