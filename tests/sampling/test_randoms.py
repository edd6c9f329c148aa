"""The counter-based random stream."""

import numpy as np

from potstill.sampling.randoms import fill_normals, uniform

KEY = np.uint64(987654321)


def test_uniforms_are_uniform_and_uncorrelated():
    u = np.array([uniform(KEY, np.uint64(n)) for n in range(40_000)])
    assert 0 < u.min() < 1e-3 and 1 - 1e-3 < u.max() < 1
    counts, _ = np.histogram(u, 50, (0, 1))
    assert ((counts - 800) ** 2 / 800).sum() < 86  # chi square of 49, 0.1%
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 4 / np.sqrt(len(u))


def test_normals_have_the_moments_of_a_normal():
    out = np.zeros(100_000)
    fill_normals(KEY, np.uint64(5), out)
    for power, moment, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((out**power).mean() - moment) < 4 * np.sqrt(spread / len(out))


def test_a_draw_depends_on_key_and_counter_alone():
    first, again, other = np.zeros(10), np.zeros(10), np.zeros(10)
    fill_normals(KEY, np.uint64(100), first)
    fill_normals(KEY, np.uint64(100), again)
    fill_normals(KEY + np.uint64(1), np.uint64(100), other)
    assert np.array_equal(first, again)
    assert not np.any(first == other)
