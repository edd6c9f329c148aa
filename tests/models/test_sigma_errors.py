"""What sigma says of forces, and a model's own calibration, against errors of a known size."""

import numpy as np
import pytest

from potstill.models.frame_errors import EnergyErrors, ForceErrors
from potstill.models.sigma_errors import force_uncertainty, own_calibration
from potstill.trust.assessment import calibration_frames
from potstill.trust.calibration import Calibration
from potstill.trust.limits import Limits, Trust
from potstill.trust.surroundings import Surroundings

SEED = 2


def test_forces_err_three_times_sigma() -> None:
    draw = np.random.default_rng(0)
    sizes = draw.integers(2, 30, 400)
    sigma = draw.lognormal(-3, 0.7, sizes.sum())
    error = 3 * sigma[:, None] * draw.normal(size=(len(sigma), 3))
    told = force_uncertainty(error, sigma, sizes, SEED)
    assert told["sigma_factor"] == pytest.approx(3, rel=0.03)
    assert told["coverage"]["1_sigma"] == pytest.approx(0.683, abs=0.01)
    assert told["coverage"]["2_sigma"] == pytest.approx(0.954, abs=0.01)
    assert 0.5 < told["spearman_atoms"] < 0.95
    # the factor is of its own frames: what these err by does not tell how it covers
    others = ~np.repeat(calibration_frames(400, SEED), sizes)
    far = np.where(others[:, None], 10 * error, error)
    assert force_uncertainty(far, sigma, sizes, SEED)["sigma_factor"] == told["sigma_factor"]
    assert force_uncertainty(far, sigma, sizes, SEED)["coverage"]["2_sigma"] < 0.2


def test_what_one_frame_does_not_tell() -> None:
    told = force_uncertainty(np.ones((1, 3)), np.ones(1), np.array([1]), SEED)
    assert told["coverage"] == {"1_sigma": None, "2_sigma": None}
    assert told["spearman_atoms"] is None


@pytest.mark.parametrize("width, shares", [(1.0, (0.5, 1.0)), (np.nan, (None, None))])
def test_a_models_own_calibration(width: float, shares: tuple[float | None, ...]) -> None:
    """Errors of half the first width and of one and a half."""
    sigma = np.array([0.1, 0.2, 0.3, 0.4])
    error = sigma * np.array([0.5, -1.5, 0.5, -1.5])
    rows, zero = np.arange(4), np.zeros((4, 3))
    energies = EnergyErrors(rows, np.zeros(4), error, sigma, sigma)
    forces = ForceErrors(rows, zero, zero + error[:, None], sigma, zero[:, 0], zero[:, 0], None)
    own = Calibration((width, 2 * width), 1.0)
    trust = Trust(Surroundings((), ()), Limits(1.0, 1.0, 1.0, 1.0), own, own)
    told = own_calibration(trust, energies, forces)
    expected = dict(zip(("1_sigma", "2_sigma"), shares, strict=True))
    assert told == {"energy": expected, "force": expected}
    assert own_calibration(trust, energies, None) == {"energy": expected}
