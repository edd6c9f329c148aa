"""The map from dE/dD to forces: compiled against plain torch, and its own transpose."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from potstill.descriptors.pair_forces import NumbaForces, TorchForces, forces_and_strain
from potstill.descriptors.symmetry_functions import describe, describe_with_pairs, feature_count
from potstill.settings import Descriptor

Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def frames(liquid: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    positions, cell = liquid
    return np.stack([positions * s for s in (1.0, 1.05, 0.97)]), np.stack(
        [cell * s for s in (1.0, 1.05, 0.97)]
    )


def random_g(members: int, batch: int, atoms: int, seed: int) -> torch.Tensor:
    values = np.random.default_rng(seed).normal(
        size=(members, batch, atoms, feature_count(Descriptor()))
    )
    return torch.from_numpy(values)


def test_compiled_equals_torch(frames: tuple[Floats, Floats]) -> None:
    _, pairs = describe_with_pairs(*frames, Descriptor())
    batch = np.array([2, 0, 2])
    fast, plain = NumbaForces(pairs), TorchForces(pairs)
    g = [random_g(4, 3, 32, seed=1).requires_grad_() for _ in range(2)]
    weight = torch.from_numpy(np.random.default_rng(2).normal(size=(4, 3, 32, 3)))
    results = [op(x, batch) for op, x in zip((fast, plain), g, strict=True)]
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=1e-11)
    for result in results:
        (result * weight).sum().backward()
    torch.testing.assert_close(g[0].grad, g[1].grad, rtol=0, atol=1e-11)


def test_gradcheck(frames: tuple[Floats, Floats]) -> None:
    """Two atoms with all their images, in float64."""
    cell = np.array([[[2.5, 0.1, 0], [0, 2.6, 0.2], [0.1, 0, 4.4]]])
    positions = np.array([[[0.0, 0.1, 0.2], [1.2, 1.1, 2.3]]])
    _, pairs = describe_with_pairs(positions, cell, Descriptor())
    op = NumbaForces(pairs)
    g = random_g(2, 1, 2, seed=3).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: op(x, np.array([0])), g)


def test_forces_and_strain_are_derivatives(frames: tuple[Floats, Floats]) -> None:
    """For E = sum c.D, forces are -dE/dx and the strain derivative dE/d(strain)."""
    positions, cell = frames
    values, pairs = describe_with_pairs(positions, cell, Descriptor())
    c = np.random.default_rng(4).normal(size=values.shape)
    forces, strain = forces_and_strain(c, pairs)
    step = 1e-5
    for a, b in ((0, 0), (1, 2), (2, 1)):
        energies = []
        for sign in (1, -1):
            deform = np.eye(3)
            deform[a, b] += sign * step
            energies.append((c * describe(positions @ deform, cell @ deform, Descriptor())).sum())
        numerical = (energies[0] - energies[1]) / (2 * step)
        assert strain.sum(axis=0)[a, b] == pytest.approx(numerical, abs=1e-5)
        moved = []
        for sign in (1, -1):
            x = positions.copy()
            x[:, 5 + a, b] += sign * step
            moved.append((c * describe(x, cell, Descriptor())).sum(axis=(1, 2)))
        numerical = -(moved[0] - moved[1]) / (2 * step)
        np.testing.assert_allclose(forces[:, 5 + a, b], numerical, rtol=0, atol=2e-6)
    np.testing.assert_allclose(forces.sum(axis=1), 0, atol=1e-10)
    np.testing.assert_allclose(strain, strain.transpose(0, 2, 1), atol=1e-9)
    mapped = NumbaForces(pairs)(torch.from_numpy(c)[None], np.arange(3))[0].numpy()
    np.testing.assert_allclose(forces, mapped, rtol=0, atol=1e-11)
