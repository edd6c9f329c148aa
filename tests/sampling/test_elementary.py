"""Logarithm, cosine and sine against numpy in extended precision."""

import numpy as np
from numba import njit

from potstill.sampling.elementary import cos_sin, logarithm

UNIT = 2.0**-53  # of the rounding of a float64


@njit
def all_of(x, turns, log, cos, sin):
    for n in range(len(x)):
        log[n] = logarithm(x[n])
        cos[n], sin[n] = cos_sin(turns[n])


def test_each_is_good_to_a_unit_in_the_last_place():
    generator = np.random.default_rng(1)
    count = 200_000
    x = np.concatenate([generator.random(count), 10 ** generator.uniform(-300, 300, count)])
    turns = generator.uniform(-8, 8, 2 * count)
    turns[:129] = np.arange(-64, 65) / 8  # where the quadrants meet
    x[:3] = 1.0, np.sqrt(2.0), 2.0**-54  # where the mantissa turns over; the least uniform number
    log, cos, sin = (np.zeros(2 * count) for _ in range(3))
    all_of(x, turns, log, cos, sin)
    exact = np.log(x.astype(np.longdouble))
    assert np.all(abs(log - exact) <= 2 * UNIT * abs(exact))
    pi = np.longdouble("3.14159265358979323846264338327950288")
    angle = 2 * pi * (turns - np.rint(turns)).astype(np.longdouble)
    assert abs(cos - np.cos(angle)).max() <= 2 * UNIT
    assert abs(sin - np.sin(angle)).max() <= 2 * UNIT
    np.testing.assert_array_equal(cos[:128:2], np.tile([1, 0, -1, 0], 16))  # exact quarters
    np.testing.assert_array_equal(sin[:128:2], np.tile([0, 1, 0, -1], 16))
