"""How far members agree about forces: by the finite differences of their own energies."""

from collections.abc import Callable
from dataclasses import replace

import ase
import numpy as np
import pytest
from ensembles import mixed_structures
from numpy.typing import NDArray

from potstill.data.structures import Structures
from potstill.models.ensemble import Ensemble
from potstill.models.predict import predict_members
from potstill.trust.limits import Limits, Trust
from potstill.trust.surroundings import Surroundings

STEP_A = 1e-4


def by_differences(ensemble: Ensemble, image: ase.Atoms) -> NDArray[np.float64]:
    """Return the forces (M, N, 3) by central differences of the members' energies."""
    moved = []
    for place in np.ndindex(image.positions.shape):
        for step in (STEP_A, -STEP_A):
            copy = image.copy()
            copy.positions[place] += step
            moved.append(copy)
    energies = ensemble.predict(Structures.of_atoms(moved), forces=False).energies
    ahead, behind = energies[:, ::2], energies[:, 1::2]
    return ((behind - ahead) / (2 * STEP_A)).reshape(len(energies), len(image), 3)


@pytest.mark.parametrize("elements", [["Ni"], ["Be", "W"]])
def test_forces_of_members(make_ensemble: Callable[..., Ensemble], elements: list[str]) -> None:
    many = mixed_structures(elements)
    ensemble = make_ensemble(many)
    found = ensemble.predict(many, forces=True, spread=True)
    plain = ensemble.predict(many, forces=True)
    assert plain.force_std is None and plain.distance is None
    assert found.force_std is not None and found.distance is None  # it was not trained
    for name in ("energies", "forces", "stress"):
        np.testing.assert_allclose(getattr(found, name), getattr(plain, name), atol=1e-11)
    members = predict_members(ensemble, many)
    np.testing.assert_allclose(members.energies, found.energies, atol=1e-11)
    np.testing.assert_allclose(members.forces.mean(axis=0), found.forces, atol=1e-11)
    for k in (1, 5, 6):  # a small cell, a cluster, a slab
        here = many.of_atoms_in(k)
        expected = by_differences(ensemble, many.image(k))
        np.testing.assert_allclose(members.forces[:, here], expected, atol=2e-5)
        spread = np.sqrt(((expected - expected.mean(axis=0)) ** 2).mean(axis=(0, 2)))
        np.testing.assert_allclose(found.force_std[here], spread, atol=2e-5)


def test_distances_are_of_standardised_features(
    make_ensemble: Callable[..., Ensemble],
) -> None:
    many = mixed_structures(["Be", "W"])
    ensemble = make_ensemble(many)
    x = predict_members(ensemble, many).x
    numbers = (many.species == 74).astype(np.int64)
    of_frame = np.repeat(np.arange(len(many)), many.sizes)
    mean, std = ensemble.mean.numpy()[numbers], ensemble.std.numpy()[numbers]
    assert np.abs(x * std + mean - x).max() > 0.1
    known = Surroundings.of(x[:32], numbers[:32], of_frame[:32], 2)
    trust = Trust(known, Limits(1, 1, 1, 1), None, None)  # type: ignore[arg-type]
    found = replace(ensemble, trust=trust).predict(many, forces=True, spread=True).distance
    assert found is not None
    np.testing.assert_allclose(found, known.distances(x, numbers), rtol=1e-6, atol=1e-6)
    assert found[:32].max() < 0.05 < found[32:].max()
