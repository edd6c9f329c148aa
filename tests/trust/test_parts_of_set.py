"""Errors in parts of a set: regions of the plane, and frames of the same elements."""

import ase
import numpy as np
import pytest

from potstill.data.structures import Structures
from potstill.trust.parts_of_set import Errors, by_composition, by_region


def errors(values, frames, weights=None):
    values = np.array(values, dtype=float)
    return Errors(values, np.array(frames), np.ones(len(values)) if weights is None else weights)


def test_regions_hold_every_frame_once_with_its_errors():
    enthalpy = np.array([-4.7, -4.5, -4.3, -4.3, -4.0])
    order = np.array([0.9, 0.3, 0.05, 0.02, 0.02])
    error = np.array([1.0, -2.0, 3.0, -5.0, 6.0])
    rows = by_region(enthalpy, order, errors(error, range(5)), errors(10 * error, range(5)))
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
    rows = by_region(enthalpy, order, errors(np.ones(4), range(4)), errors([20.0, 4.0], [3, 0]))
    assert [(row["region"], row["force_mae_meV_per_A"]) for row in rows] == [
        ("liquid", 20.0),
        ("crystal", 4.0),
        ("crystal", None),
    ]


def test_a_mean_is_over_atoms_where_frames_weigh_as_many():
    of_atoms = errors([2.0, -8.0, 100.0], [0, 1, 4], np.array([3.0, 1.0, 7.0]))
    assert of_atoms.mean(np.array([1, 1, 1, 1, 0], dtype=bool)) == (3 * 2 + 8) / 4
    assert of_atoms.mean(np.array([0, 0, 1, 1, 0], dtype=bool)) is None
    assert of_atoms.mean() == (3 * 2 + 8 + 700) / 11


def test_compositions_hold_every_frame_once_with_its_errors():
    formulas = ["W2", "BeW3", "Be", "WBe", "Be4", "W", "HBeW", "HW"]
    frames = Structures.of_atoms([ase.Atoms(formula) for formula in formulas])
    energy = errors([1.0, 2, 4, 8, -16, 32], [0, 1, 2, 3, 4, 5])
    force = errors([5.0, 9.0, 70.0], [1, 3, 6], np.array([4.0, 2.0, 3.0]))
    found = by_composition(frames, energy, force)
    assert [tuple(row.values()) for row in found] == [
        ("Be", 2, 10.0, None),
        ("W", 2, 16.5, None),
        ("HW", 1, None, None),
        ("BeW", 2, 5.0, (4 * 5 + 2 * 9) / 6),
        ("HBeW", 1, None, 70.0),
    ]
    assert list(found[0]) == ["elements", "frames", "mae_meV_per_atom", "force_mae_meV_per_A"]
    assert all(row["force_mae_meV_per_A"] is None for row in by_composition(frames, energy, None))
