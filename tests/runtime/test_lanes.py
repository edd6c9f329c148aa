"""Lanes in compiled code against numpy."""

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

from potstill.runtime.lanes import lane, load2, load4, splat2, splat4, store

X = np.random.default_rng(1).normal(size=(3, 8))


@njit
def operators(x, out):
    a, b = load4(x, 0), load4(x, np.uint32(2))
    store(out, 0, a + b)
    store(out, 1, a - b)
    store(out, 2, a * b)
    store(out, 3, splat4(x[1, 1]) * a - b)


def test_operators_work_lane_by_lane():
    out = np.zeros((4, 4))
    operators(X, out)
    a, b = X[0, :4], X[2, :4]
    np.testing.assert_array_equal(out[:3], [a + b, a - b, a * b])
    np.testing.assert_allclose(out[3], X[1, 1] * a - b, rtol=1e-15, atol=1e-15)


@njit
def copies(x, column, pairs, flat, row):
    store(pairs, 1, load2(x, 2, column))
    store(pairs, 2, splat2(lane(load4(x, 1), 3)))
    store(row, 0, load4(flat, 3))


def test_loads_and_stores_touch_the_numbers_they_name_and_no_others():
    pairs, row = np.zeros((4, 2)), np.zeros((1, 5))
    copies(X, 6, pairs, X.ravel(), row)
    np.testing.assert_array_equal(pairs, [[0, 0], X[2, 6:], [X[1, 3]] * 2, [0, 0]])
    np.testing.assert_array_equal(row, [[*X.ravel()[3:7], 0]])


def test_rows_of_a_view_are_found_by_its_strides():
    out = np.zeros((4, 4))
    operators(X[:, 2:6], out)
    np.testing.assert_array_equal(out[0], X[0, 2:6] + X[2, 2:6])


def test_lanes_of_different_width_do_not_mix():
    with pytest.raises(TypingError):
        njit(lambda: splat2(1.0) + splat4(1.0))()
