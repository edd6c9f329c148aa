"""The bias table: derivatives, tails, hills at clamped enthalpies."""

import numpy as np
import pytest

from potstill.sampling.bias import (
    EDGE_SHARE,
    Mesh,
    deposit,
    evaluate_bias,
    flattening,
    hill_height,
    hills_to_cover,
    order_nodes,
)

MESH = Mesh(h_low=-150.0, h_high=-128.0, o_high=32.0, tail_low=0.6, tail_high=-0.44)


@pytest.fixture
def table():
    return np.random.default_rng(0).normal(0, 1, (20, 24)).cumsum(axis=0)


@pytest.mark.parametrize(
    ("h", "o"),
    [(-140.3, 10.2), (-149.9, 0.4), (-128.2, 31.5), (-135.0, 16.3), (-160.0, 3.3), (-100.0, 20.1)],
)
def test_slopes_are_finite_differences_inside_and_beyond_the_mesh(table, h, o):
    step = 1e-5
    _, slope_h, slope_o = evaluate_bias(table, MESH, h, o)

    def value(dh, do):
        return evaluate_bias(table, MESH, h + dh, o + do)[0]

    assert slope_h == pytest.approx((value(step, 0) - value(-step, 0)) / (2 * step), abs=1e-6)
    assert slope_o == pytest.approx((value(0, step) - value(0, -step)) / (2 * step), abs=1e-6)


def test_value_and_slopes_are_continuous_where_the_stencil_changes(table):
    edges_o = (np.arange(23) + 0.5) * 32.0 / 23
    for o in edges_o:
        left = evaluate_bias(table, MESH, -140.0, o - 1e-9)
        right = evaluate_bias(table, MESH, -140.0, o + 1e-9)
        assert np.allclose(left, right, atol=1e-6)


def test_the_value_is_continuous_at_the_limits_and_the_tails_have_their_slopes(table):
    for edge, tail in ((MESH.h_low, MESH.tail_low), (MESH.h_high, MESH.tail_high)):
        inside = evaluate_bias(table, MESH, edge, 11.0)[0]
        out = edge - 3.0 if tail > 0 else edge + 3.0
        outside, slope, _ = evaluate_bias(table, MESH, out, 11.0)
        assert slope == tail
        assert outside == pytest.approx(inside + tail * (out - edge), abs=1e-9)


def test_a_constant_table_is_reproduced_everywhere():
    flat = np.full((20, 24), 2.5)
    for h, o in ((-150.0, 0.0), (-128.0, 32.0), (-139.0, 17.7)):
        assert evaluate_bias(flat, MESH, h, o) == pytest.approx((2.5, 0.0, 0.0), abs=1e-12)


def test_deposits_are_gaussians_at_the_clamped_enthalpy():
    inside, outside = np.zeros((20, 24)), np.zeros((20, 24))
    deposit(inside, MESH, MESH.h_low, 10.0, 0.1, 2.0, 3.0)
    deposit(outside, MESH, MESH.h_low - 50.0, 10.0, 0.1, 2.0, 3.0)
    assert np.array_equal(inside, outside)
    h = np.linspace(MESH.h_low, MESH.h_high, 20)[:, None]
    root = np.sqrt(order_nodes(MESH, 24))
    assert np.allclose(np.diff(root), np.sqrt(32) / 23)
    gauss = 0.1 * np.exp(-0.5 * ((h - MESH.h_low) / 2) ** 2 - 0.5 * ((root - 10**0.5) / 3) ** 2)
    assert np.allclose(inside, gauss, atol=1e-15)


def test_the_height_is_constant_then_halves_and_ends_as_one_over_n():
    heights = [hill_height(n, 0.2, 100, 1.5) for n in (1, 100, 125, 150, 200, 400)]
    assert heights == pytest.approx([0.2, 0.2, 0.1, 0.05, 0.0125, 1.5 / 400])
    # where 1/n is above the first height, it does not count
    assert hill_height(30, 0.2, 20, 1e6) == 0.2


def test_deposits_side_by_side_fill_the_mesh_to_one_level():
    """One hill of height 1 on each place of area 2 pi w_H w_O: the mean of the table is 1."""
    widths = 0.9, 0.3
    count = round(hills_to_cover(MESH, *widths))
    assert count == round(22 * 32**0.5 / (2 * np.pi * 0.9 * 0.3))
    filled = np.zeros((60, 73))
    generator = np.random.default_rng(4)
    for _ in range(100 * count):
        h, root = generator.uniform([-150, 0], [-128, 32**0.5])
        deposit(filled, MESH, h, root**2, 0.01, *widths)
    assert filled[10:-10, 10:-10].mean() == pytest.approx(1, abs=0.05)


def test_flattening_makes_a_histogram_of_order_flat():
    """Points uniform in a triangle of H and O, as a converged bias gives them."""
    generator = np.random.default_rng(0)
    h, o = generator.random(400_000), 30 * generator.random(400_000)
    order = o[h > o / 40]  # the density of O falls from 1 to 1/4
    bias = flattening(order, MESH, 47, 0.25)
    weight = np.exp(-np.interp(order, order_nodes(MESH, 47), bias))
    counts, _ = np.histogram(order, 15, (0, 30), weights=weight)
    inner = counts[1:-1]
    assert inner.max() / inner.min() < 1.12
    # where nothing was, the bias goes no lower than the edge
    assert bias.min() == pytest.approx(np.log(EDGE_SHARE))
    assert np.abs(bias).max() < 1.5
