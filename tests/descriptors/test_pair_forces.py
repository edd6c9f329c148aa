"""The map from dE/dD to forces: compiled against plain torch, and its own transpose."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from ensembles import mixed_structures
from numpy.typing import NDArray

from potstill.data.structures import Structures
from potstill.descriptors.pair_forces import (
    FreshForces,
    NumbaForces,
    TorchForces,
    forces_and_strain,
)
from potstill.descriptors.pair_strain import VOIGT, StrainMap, strain_map
from potstill.descriptors.symmetry_functions import describe, describe_with_pairs, feature_count
from potstill.settings import Descriptor

Floats = NDArray[np.float64]
ELEMENTS = pytest.mark.parametrize("elements", [("Ni",), ("Be", "W"), ("Be", "Ni", "W")])
# more atoms than the first structure has, one twice, and none of the largest
BATCHES = ([2, 0, 2, 7], [5, 4, 3], [0])


@pytest.fixture(scope="module")
def frames(liquid: tuple[Floats, Floats]) -> Structures:
    positions, cell = (np.stack([array * s for s in (1.0, 1.05, 0.97)]) for array in liquid)
    return Structures.uniform("Ni", positions, cell)


def random_g(members: int, atoms: int, elements: int, seed: int) -> torch.Tensor:
    shape = (members, atoms, feature_count(Descriptor(), elements))
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


@ELEMENTS
@pytest.mark.parametrize("chosen", BATCHES)
def test_compiled_equals_torch(elements: tuple[str, ...], chosen: list[int]) -> None:
    many, batch = mixed_structures(elements), np.array(chosen)
    _, pairs = describe_with_pairs(many, Descriptor(), elements)
    fast, plain = NumbaForces(pairs), TorchForces(pairs)
    atoms = int(many.sizes[batch].sum())
    g = [random_g(4, atoms, len(elements), seed=1).requires_grad_() for _ in range(2)]
    weight = torch.from_numpy(np.random.default_rng(2).normal(size=(4, atoms, 3)))
    results = [op(x, batch) for op, x in zip((fast, plain), g, strict=True)]
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=1e-11)
    for result in results:
        (result * weight).sum().backward()
    torch.testing.assert_close(g[0].grad, g[1].grad, rtol=0, atol=1e-11)
    fresh = FreshForces(many, Descriptor(), elements)
    single = fresh(g[0].detach().float(), batch)
    torch.testing.assert_close(single.double(), results[0].detach(), rtol=1e-4, atol=1e-4)


@ELEMENTS
def test_gradcheck(elements: tuple[str, ...]) -> None:
    """An atom and its images, two atoms alone and a cell of four, in float64."""
    many = mixed_structures(elements).structures([2, 4, 1])
    _, pairs = describe_with_pairs(many, Descriptor(), elements)
    op = NumbaForces(pairs)
    batch = np.array([1, 2, 0])
    g = random_g(1, 7, len(elements), seed=3).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: op(x, batch), g)


def test_forces_and_strain_are_derivatives(frames: Structures) -> None:
    """For E = sum c.D, forces are -dE/dx and the strain derivative dE/d(strain)."""
    values, pairs = describe_with_pairs(frames, Descriptor(), ["Ni"])
    c = np.random.default_rng(4).normal(size=values.shape)
    forces, strain = forces_and_strain(c, pairs)
    mapped = NumbaForces(pairs)(torch.from_numpy(c)[None], np.arange(3))[0].numpy()
    np.testing.assert_allclose(forces, mapped, rtol=0, atol=1e-11)
    assert_derivatives(frames, ("Ni",), c, forces, strain)


@ELEMENTS
def test_derivatives_of_any_structures(elements: tuple[str, ...]) -> None:
    many = mixed_structures(elements)
    values, pairs = describe_with_pairs(many, Descriptor(), elements)
    c = np.random.default_rng(4).normal(size=values.shape)
    forces, strain = forces_and_strain(c, pairs)
    mapped = NumbaForces(pairs)(torch.from_numpy(c)[None], np.arange(len(many)))[0].numpy()
    np.testing.assert_allclose(forces, mapped, rtol=0, atol=1e-11)
    assert_derivatives(many, elements, c, forces, strain)


def assert_derivatives(
    many: Structures, elements: tuple[str, ...], c: Floats, forces: Floats, strain: Floats
) -> None:
    def energies(positions: Floats, cell: Floats) -> Floats:
        moved = replace(many, positions=positions, cell=cell)
        by_atom = (c * describe(moved, Descriptor(), elements)).sum(axis=1)
        return np.add.reduceat(by_atom, many.start[:-1])

    step = 1e-5
    for a, b in ((0, 0), (1, 2), (2, 1)):
        both = []
        for sign in (1, -1):
            deform = np.eye(3)
            deform[a, b] += sign * step
            both.append(energies(many.positions @ deform, many.cell @ deform))
        numerical = (both[0] - both[1]) / (2 * step)
        np.testing.assert_allclose(strain[:, a, b], numerical, rtol=1e-7, atol=1e-5)
        atoms = many.start[:-1] + (5 * a + b) % many.sizes  # one of each structure
        both = []
        for sign in (1, -1):
            x = many.positions.copy()
            x[atoms, b] += sign * step
            both.append(energies(x, many.cell))
        numerical = -(both[0] - both[1]) / (2 * step)
        np.testing.assert_allclose(forces[atoms, b], numerical, rtol=1e-7, atol=2e-6)
    np.testing.assert_allclose(np.add.reduceat(forces, many.start[:-1]), 0, atol=1e-9)
    np.testing.assert_allclose(strain, strain.transpose(0, 2, 1), atol=1e-8)


@ELEMENTS
def test_stress_of_any_structures(elements: tuple[str, ...]) -> None:
    """The map of the stress is the strain derivative over the volume; zero where there is none."""
    many = mixed_structures(elements)
    assert (many.volume > 0).tolist() == [True] * 3 + [False] * 3 + [True, False]
    g = random_g(2, len(many.species), len(elements), seed=5)
    _, pairs = describe_with_pairs(many, Descriptor(), elements)
    parts = [many.structures(slice(0, 5)), many.structures(slice(5, None))]
    in_parts = [describe_with_pairs(part, Descriptor(), elements)[1] for part in parts]
    joined = StrainMap.joined(
        [strain_map(part, found, "cpu") for part, found in zip(parts, in_parts, strict=True)]
    )
    whole = strain_map(many, pairs, "cpu")(g, np.arange(len(many)))
    torch.testing.assert_close(joined(g, np.arange(len(many))), whole, rtol=0, atol=1e-12)
    for member in range(2):
        strain = forces_and_strain(g[member].numpy(), pairs)[1][:, VOIGT[:, 0], VOIGT[:, 1]]
        volume = np.where(many.volume > 0, many.volume, np.inf)
        expected = strain / volume[:, None]
        np.testing.assert_allclose(whole[member], expected, rtol=1e-9, atol=1e-11)
    batch = np.array([6, 0, 6])
    chosen = joined(g[:, many.rows(batch)], batch)
    torch.testing.assert_close(chosen, whole[:, torch.from_numpy(batch)], rtol=0, atol=1e-12)


def test_stress_of_frames_of_one_size(frames: Structures) -> None:
    g = random_g(2, 96, 1, seed=5)
    _, pairs = describe_with_pairs(frames, Descriptor(), ["Ni"])
    found = strain_map(frames, pairs, "cpu")(g[:, 32:].flip(0), np.array([1, 2]))
    strain = forces_and_strain(g[0].numpy(), pairs)[1][:, VOIGT[:, 0], VOIGT[:, 1]]
    expected = (strain / frames.volume[:, None])[1:]
    np.testing.assert_allclose(found[1], expected, rtol=1e-9, atol=1e-11)
