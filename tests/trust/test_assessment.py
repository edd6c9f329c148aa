"""Uncertainty against error where the answer is known, and errors by region."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from potstill.trust.assessment import (
    CALIBRATION_SHARE,
    by_region,
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
    got = uncertainty(error, sigma, 2 * atomic, atomic, seed=3)
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


def test_regions_hold_every_frame_once_with_its_errors():
    enthalpy = np.array([-4.7, -4.5, -4.3, -4.3, -4.0])
    order = np.array([0.9, 0.3, 0.05, 0.02, 0.02])
    error = np.array([1.0, -2.0, 3.0, -5.0, 6.0])
    rows = by_region(enthalpy, order, error, 10 * np.abs(error), np.arange(5))
    assert sum(row["frames"] for row in rows) == 5
    found = {(row["region"], row["frames"]): row["mae_meV_per_atom"] for row in rows}
    assert found == {
        ("crystal", 1): 1.0,
        ("between", 1): 2.0,
        ("liquid", 2): 4.0,
        ("liquid", 1): 6.0,
    }
    for row in rows:
        assert row["force_mae_meV_per_A"] == 10 * row["mae_meV_per_atom"]
        low, high = row["enthalpy_eV_per_atom"]
        assert high - low == pytest.approx(0.7 / 4)


def test_a_region_without_compared_forces_says_so():
    enthalpy, order = np.array([-4.7, -4.5, -4.0, -4.0]), np.array([0.9, 0.9, 0.0, 0.0])
    rows = by_region(enthalpy, order, np.ones(4), np.array([20.0, 4.0]), np.array([3, 0]))
    assert [(row["region"], row["force_mae_meV_per_A"]) for row in rows] == [
        ("liquid", 20.0),
        ("crystal", 4.0),
        ("crystal", None),
    ]
