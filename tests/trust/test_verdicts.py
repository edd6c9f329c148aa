"""Flags: which limit was passed, of which atom, and the worst reason first."""

import re

import numpy as np
import pytest

from potstill.trust.calibration import Calibration
from potstill.trust.last_layer import LastLayer
from potstill.trust.limits import Limits, Trust, limits
from potstill.trust.surroundings import Surroundings
from potstill.trust.verdicts import refusal, verdicts

NOTHING = Surroundings((), ()), LastLayer(np.empty((0, 0, 0), dtype=np.float32))
TRUST = Trust(
    *NOTHING,
    Limits(0.01, 0.8, 0.5, 4.0, 2.0),
    Calibration((1.5, 4.0), 1.0),
    Calibration((2.0, 5.0), 1.0),
)
SIZES = np.array([2, 3])
USUAL = {
    "energy_std": np.array([0.01, 0.015]),
    "leverage": np.array([0.4, 0.5]),
    "force_std": np.array([0.1, 0.2, 0.1, 0.1, 0.4]),
    "distance": np.array([1.0, 0.5, 1.0, 2.0, 1.0]),
}


def test_nothing_speaks_against_what_is_usual():
    first, second = verdicts(TRUST, SIZES, **USUAL)
    assert first.flag == second.flag == ""
    assert (first.farthest_atom, second.farthest_atom) == (0, 1)
    assert second.distance == pytest.approx(0.5)
    assert second.frame_distance == pytest.approx(np.sqrt(2) / 2)
    assert first.energy_error_meV_per_atom == pytest.approx(7.5)
    assert second.force_error_eV_per_A == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("name", "place", "value", "flag"),
    [
        ("energy_std", 1, 0.192, "unsure: the networks disagree about its energy, .* 2.0 times"),
        (
            "force_std",
            3,
            0.75,
            "unsure: the networks disagree about the force on atom 1, 1.5 times",
        ),
        ("distance", 4, 6.0, "outside: atom 2 is unlike all atoms trained on, 1.5 times"),
        ("distance", slice(2, 5), 3.0, "outside: its atoms together are unlike .*, 1.5 times"),
    ],
)
def test_each_limit(name, place, value, flag):
    given = {key: values.copy() for key, values in USUAL.items()}
    given[name][place] = value
    first, second = verdicts(TRUST, SIZES, **given)
    assert first.flag == ""
    assert re.match(flag, second.flag)


def test_an_element_without_surroundings_is_outside():
    given = USUAL | {"distance": np.array([1.0, np.inf, 1.0, 1.0, 1.0])}
    first = verdicts(TRUST, SIZES, **given)[0]
    assert first.flag.startswith("outside: atom 1") and np.isinf(first.distance)


def test_what_labels_did_not_tell_is_left_out():
    unknown = Calibration((float("nan"),) * 2, 1.0)
    first = verdicts(Trust(*NOTHING, TRUST.limits, unknown, unknown), SIZES, **USUAL)[0]
    assert first.energy_error_meV_per_atom is None and first.force_error_eV_per_A is None
    assert refusal("no atoms").flag == "refused: no atoms"


def test_limits_are_above_what_was_trained_on():
    random = np.random.default_rng(1)
    sizes = np.full(200, 4)
    energy, leverage, force, distance = (random.chisquare(5, n) for n in (200, 200, 800, 800))
    told = limits(
        energy, leverage, force, distance, sizes, Calibration((1, 1), 1.2), Calibration((1, 1), 1.1)
    )
    assert told.energy_eV_per_atom == pytest.approx(1.2 * 2.5 * np.quantile(energy, 0.9))
    assert told.leverage == pytest.approx(2 * np.quantile(leverage, 0.9))
    assert told.force_eV_per_A == pytest.approx(1.1 * 10 * np.quantile(force, 0.99))
    assert told.atom_distance == pytest.approx(1.5 * np.quantile(distance, 0.99))
    together = np.sqrt((distance**2).reshape(200, 4).mean(axis=1))
    assert told.frame_distance == pytest.approx(np.quantile(together, 0.95))
    # errors below 1 meV/atom are no reason for a flag
    small = limits(
        energy * 1e-6, leverage, force, distance, sizes, Calibration((5, 9), 1.2), TRUST.force
    )
    assert 5 * small.energy_eV_per_atom == pytest.approx(1e-3)
    assert small.leverage / told.leverage == pytest.approx(
        small.energy_eV_per_atom / told.energy_eV_per_atom * 1e6
    )
    # one frame alone has no other to be compared with: nothing is near it
    none = np.full(800, np.inf)
    assert (
        limits(energy, leverage, force, none, sizes, TRUST.energy, TRUST.force).atom_distance < 1e-6
    )
