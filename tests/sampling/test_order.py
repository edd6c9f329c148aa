"""The order parameter against its definition, its limits and finite differences."""

import numpy as np
import pytest
from ase.build import bulk

from potstill.sampling.order import cells_per_side, order_and_gradient, order_vectors

CRYSTALS = [("fcc", 32, 3.6), ("fcc", 108, 3.6), ("bcc", 54, 3.3)]


def crystal(structure, atoms, constant):
    cells = cells_per_side(structure, atoms)
    built = bulk("Ni", structure, a=constant, cubic=True) * cells
    assert len(built) == atoms
    x = np.zeros((atoms, 4))
    x[:, :3] = built.positions
    return x, built.cell[0, 0], cells


def order(x, length, cells, structure):
    vectors = order_vectors(structure)
    gradient = np.zeros_like(x)
    waves = np.zeros((len(x), 2 * len(vectors)))
    return order_and_gradient(x, length, cells, vectors, waves, gradient), gradient


@pytest.mark.parametrize(("structure", "atoms", "constant"), CRYSTALS)
def test_perfect_crystal_has_n_and_no_gradient(structure, atoms, constant):
    x, length, cells = crystal(structure, atoms, constant)
    value, gradient = order(x, length, cells, structure)
    assert value == pytest.approx(atoms, abs=1e-9)
    assert np.abs(gradient).max() < 1e-9


@pytest.mark.parametrize(("structure", "atoms", "constant"), CRYSTALS)
def test_equals_its_definition_with_complex_exponentials(structure, atoms, constant):
    x, length, cells = crystal(structure, atoms, constant)
    x[:, :3] += np.random.default_rng(1).normal(0, 0.3, (atoms, 3))
    g = 2 * np.pi * cells / length * order_vectors(structure)
    sums = np.exp(1j * x[:, :3] @ g.T).sum(axis=0)
    expected = (np.abs(sums) ** 2).sum() / (len(g) * atoms)
    assert order(x, length, cells, structure)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("structure", "atoms", "constant"), CRYSTALS)
def test_gradient_is_the_finite_difference(structure, atoms, constant):
    x, length, cells = crystal(structure, atoms, constant)
    x[:, :3] += np.random.default_rng(2).normal(0, 0.3, (atoms, 3))
    gradient = order(x, length, cells, structure)[1]
    h = 1e-5
    for i, d in ((0, 0), (3, 1), (atoms - 1, 2)):
        up, down = x.copy(), x.copy()
        up[i, d] += h
        down[i, d] -= h
        slope = (
            order(up, length, cells, structure)[0] - order(down, length, cells, structure)[0]
        ) / (2 * h)
        assert gradient[i, d] == pytest.approx(slope, abs=1e-7)


def test_random_atoms_have_order_one_on_average_and_volume_does_not_matter():
    generator = np.random.default_rng(3)
    values = []
    for _ in range(400):
        x = np.zeros((32, 4))
        x[:, :3] = generator.random((32, 3)) * 7.2
        values.append(order(x, 7.2, 2, "fcc")[0])
        assert order(1.1 * x, 1.1 * 7.2, 2, "fcc")[0] == pytest.approx(values[-1], abs=1e-9)
    # four independent vectors: each term has mean 1 and variance about 1
    assert np.mean(values) == pytest.approx(1.0, abs=4 * np.std(values) / 20)
