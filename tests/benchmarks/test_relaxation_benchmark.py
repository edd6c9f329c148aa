"""What the benchmark of relaxation relaxes, and how it tells minima apart."""

import importlib
from pathlib import Path
from types import ModuleType

import ase.build
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from potstill.data.structures import Structures

ROOT = Path(__file__).parents[2]


@pytest.fixture
def minima(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("same_minima")


@pytest.fixture
def mixed(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("mixed_structures")


@pytest.mark.parametrize("open_along_z", [False, True])
def test_shifts_and_rotations_are_no_distance(minima: ModuleType, open_along_z: bool) -> None:
    one = ase.build.fcc111("Ni", (2, 2, 3), vacuum=5) if open_along_z else ase.build.bulk("Ni") * 2
    one.rattle(0.1, seed=1)
    other = one.copy()
    other.positions += [0.3, -2.0, 0.7]
    other.positions[1] += other.cell.array[0]  # another image of the atom
    turn = Rotation.from_rotvec([0.2, 0.3, -0.1]).as_matrix()
    other.set_cell(other.cell.array @ turn, scale_atoms=True)
    np.testing.assert_allclose(minima.distance_A(one, other), 0, atol=1e-10)
    # one of N atoms moved: by (N - 1) / N of it from where the others stay in the mean
    other.positions[2] += [0.0, 0.03, 0.04]
    moved = 0.05 * (len(one) - 1) / len(one)
    np.testing.assert_allclose(minima.distance_A(one, other), [moved, 0], atol=1e-10)
    longer = one.copy()
    longer.set_cell(1.01 * longer.cell.array, scale_atoms=True)
    assert minima.distance_A(one, longer)[1] > 0.009 * one.cell.lengths().max()


def test_pairs_are_counted_by_their_minimum(minima: ModuleType) -> None:
    own = [ase.build.bulk("Ni", cubic=True) for _ in range(3)]
    peer = [image.copy() for image in own]
    peer[1].positions[0, 0] += 0.2
    found = minima.compared_minima(
        own, np.array([-19.0, -19.0, -19.1]), peer, np.array([-19.002, -19.0, -19.0])
    )
    assert (found["pairs"], found["same_minimum"], found["own_is_lower"]) == (3, 1, 1)
    assert found["energy_meV_per_atom"] == pytest.approx(0.5)
    assert found["positions_A"] == pytest.approx(0, abs=1e-12)


def test_mixed_structures(mixed: ModuleType) -> None:
    made: Structures = mixed.mixed_structures(300)
    assert made.elements == ("Ni",) and len(made) == 300
    assert made.sizes.min() == 2 and made.sizes.max() == 108 and len(set(made.sizes)) > 20
    slabs = ~made.pbc.all(axis=1)
    assert slabs.sum() == 60 and (made.pbc[slabs] == [True, True, False]).all()
    np.testing.assert_array_equal(made.cell[slabs][:, :2, 2], 0)  # what ASE's mask needs
    again = mixed.mixed_structures(300)
    np.testing.assert_array_equal(made.positions, again.positions)
    rows = mixed.sample_of_sizes(made, 20)
    assert len(set(rows)) == 20
    assert made.sizes[rows].min() == 2 and made.sizes[rows].max() == 108
