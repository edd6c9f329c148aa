"""Leverage in the last layer: that of linear regression, by fitting it anew."""

import numpy as np

from potstill.trust.last_layer import LastLayer, by_structure

RANDOM = np.random.default_rng(1)
H = RANDOM.normal(size=(3, 60, 8))


def test_it_is_the_variance_of_a_linear_fit():
    """Of labels with noise of 1, the fit's value at h has variance h (H^T H)^-1 h."""
    new = RANDOM.normal(size=(3, 20, 8))
    found = LastLayer.of(H).leverage(new)
    noise = RANDOM.normal(size=(60, 20_000))
    values = [h @ np.linalg.lstsq(given, noise)[0] for h, given in zip(new, H, strict=True)]
    variance = np.mean([value.var(axis=1) for value in values], axis=0)
    np.testing.assert_allclose(found, np.sqrt(variance), rtol=0.02)


def test_of_what_was_trained_on_as_if_it_were_not():
    found = LastLayer.of(H).leverage(H, known=True)
    for k in (0, 7, 59):
        without = LastLayer.of(np.delete(H, k, axis=1)).leverage(H[:, k : k + 1])
        np.testing.assert_allclose(found[k], without, rtol=1e-4)


def test_a_direction_that_nothing_had_is_not_determined():
    flat = H.copy()
    flat[..., 7] = 0
    inside, beyond = np.zeros((2, 3, 1, 8))
    inside[..., 0], beyond[..., 7] = 1, 1
    known = LastLayer.of(flat)
    assert known.leverage(beyond)[0] > 100 * known.leverage(inside)[0]


def test_means_by_structure_and_element():
    inputs = RANDOM.normal(size=(2, 5, 3))
    numbers, sizes = np.array([0, 1, 1, 0, 0]), np.array([2, 3])
    found = by_structure(inputs, numbers, 2, sizes)
    assert found.shape == (2, 2, 6)
    np.testing.assert_allclose(found[:, 0, :3], inputs[:, 0] / 2)
    np.testing.assert_allclose(found[:, 0, 3:], inputs[:, 1] / 2)
    np.testing.assert_allclose(found[:, 1, :3], (inputs[:, 3] + inputs[:, 4]) / 3)
    np.testing.assert_allclose(found[:, 1, 3:], inputs[:, 2] / 3)
