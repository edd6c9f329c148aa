"""What sigma says of forces, and a model's own calibration, against errors of a known size."""

import numpy as np
import pytest

from potstill.models.frame_errors import EnergyErrors, ForceErrors
from potstill.models.sigma_errors import calibrated_on, force_uncertainty, own_calibration
from potstill.trust.assessment import calibration_frames
from potstill.trust.calibration import Calibration
from potstill.trust.last_layer import LastLayer
from potstill.trust.limits import Limits, Trust
from potstill.trust.surroundings import Surroundings

SEED = 2


def known(calibration: Calibration) -> Trust:
    """Return what a model knows that knows this of its errors alone."""
    nothing = Surroundings((), ()), LastLayer(np.empty((0, 0, 0), dtype=np.float32))
    return Trust(*nothing, Limits(*[1.0] * 5), calibration, calibration)


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
    trust = known(own)
    told = own_calibration(trust, energies, forces)
    expected = dict(zip(("1_sigma", "2_sigma"), shares, strict=True))
    assert told == {"energy": expected, "force": expected}
    assert own_calibration(trust, energies, None) == {"energy": expected}


def test_widths_found_on_new_frames() -> None:
    """They hold the shares of these frames' errors, and few frames change nothing."""
    draw = np.random.default_rng(3)
    before = known(Calibration((1.0, 2.0), 1.3))
    sigma, of_atoms = draw.lognormal(-3, 0.7, 80), draw.lognormal(-3, 0.7, 400)
    error = 4 * sigma * draw.normal(size=80)
    force = 3 * of_atoms[:, None] * draw.normal(size=(400, 3))
    rows, zero = np.arange(80), np.zeros(400)

    def forces(count: int) -> ForceErrors:
        atoms = slice(5 * count)
        return ForceErrors(
            rows[:count], np.zeros((5 * count, 3)), force[atoms], of_atoms[atoms],
            np.zeros(count), zero[atoms], None,
        )  # fmt: skip

    def energies(count: int) -> EnergyErrors:
        part = slice(count)
        return EnergyErrors(rows[part], np.zeros(count), error[part], sigma[part], sigma[part])

    after = calibrated_on(before, energies(80), forces(80))
    held = own_calibration(after, energies(80), forces(80))
    for share in held.values():
        assert share["1_sigma"] == pytest.approx(0.683, abs=0.01)
        assert share["2_sigma"] == pytest.approx(0.954, abs=0.01)
    assert after.energy.within[0] == pytest.approx(4, rel=0.25)
    assert after.force.within[0] == pytest.approx(3, rel=0.1)
    assert after.energy.growth == 1.3 and after.limits == before.limits
    assert calibrated_on(before, energies(40), forces(40)) == before
    assert calibrated_on(before, energies(80), None).force == before.force
