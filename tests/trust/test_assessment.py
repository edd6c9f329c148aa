"""Uncertainty against error where the answer is known, and errors by region."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from potstill.trust.assessment import (
    CALIBRATION_SHARE,
    calibration_frames,
    sigma_factor,
    spearman,
    uncertainty,
)


def test_spearman_is_that_of_scipy_with_ties():
    generator = np.random.default_rng(0)
    a = generator.integers(0, 20, 200).astype(float)
    b = a + generator.normal(0, 5, 200)
    assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)
    assert spearman(a, np.exp(a)) == pytest.approx(1)
    assert np.isnan(spearman(a, np.ones(200)))


def test_normal_errors_of_known_deviation_are_covered_as_they_should():
    generator = np.random.default_rng(1)
    frames, atoms, factor = 20_000, 4, 3.0
    sigma = generator.lognormal(0, 0.7, frames)
    error = generator.normal(0, factor * sigma) + 5.0  # a mean that says nothing of one frame
    atomic = generator.lognormal(0, 0.5, (frames, atoms))
    sizes = np.full(frames, atoms)
    got = uncertainty(error, sigma, sizes, 2 * atomic.ravel(), atomic.ravel(), seed=3)
    assert got["sigma_factor"] == pytest.approx(factor, rel=0.05)
    assert got["coverage"]["1_sigma"] == pytest.approx(0.683, abs=0.015)
    assert got["coverage"]["2_sigma"] == pytest.approx(0.954, abs=0.01)
    assert got["spearman_frames"] > 0.3
    assert got["spearman_atoms_force"] == pytest.approx(1)
    assert got["calibration_frames"] == CALIBRATION_SHARE * frames


def test_the_factor_is_not_found_on_the_frames_that_judge_it():
    error, sigma = np.ones(100), np.ones(100)
    found_on = calibration_frames(100, seed=1)
    assert found_on.sum() == 20
    assert (calibration_frames(100, seed=1) == found_on).all()
    error[~found_on] = 50.0
    assert sigma_factor(error[found_on], sigma[found_on]) == 1
    # a frame on which all members agree has no sigma to compare
    assert sigma_factor(np.array([2.0, 9.0]), np.array([1.0, 0.0])) == 2


def test_frames_of_other_sizes_are_compared_per_atom():
    """A shift of each atom's energy is no error, and a large frame is not uncertain for its size.

    Of frames whose sizes are multiples it is the same as of frames of one size.
    """
    generator = np.random.default_rng(2)
    frames = 400
    sizes = generator.choice([1, 4, 54], frames)
    sigma, error = generator.lognormal(0, 0.5, frames), generator.normal(0, 1, frames)
    same = np.full(frames, 4)
    expected = uncertainty(error * same, sigma * same, same, None, sigma, seed=3)
    got = uncertainty((error + 7.0) * sizes, sigma * sizes, sizes, None, sigma, seed=3)
    for name in ("sigma_factor", "spearman_frames"):
        assert got[name] == pytest.approx(expected[name], rel=1e-9)
    assert got["coverage"] == expected["coverage"]
