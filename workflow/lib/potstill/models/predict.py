"""Predictions of an ensemble for structures: energies by member, forces of the mean."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from potstill.data.geometry import check_geometry
from potstill.data.structures import Floats, Indices, Structures, frame_sums
from potstill.descriptors.elements import element_numbers, places
from potstill.descriptors.pair_forces import force_map, forces_and_strain
from potstill.descriptors.symmetry_functions import Pairs, describe, describe_with_pairs
from potstill.models.committee import Prediction
from potstill.runtime.compiled import use_threads
from potstill.trust.assessment import member_spread

if TYPE_CHECKING:  # which has a method of this
    from potstill.models.ensemble import Ensemble

# atoms evaluated at a time: what they need stays in the cache
_CHUNK_ATOMS = 512


def predict(
    ensemble: "Ensemble",
    structures: Structures,
    *,
    forces: bool,
    spread: bool = False,
    threads: int = 1,
    watch: Callable[[int], None] | None = None,
) -> Prediction:
    """Predict structures in chunks, see `Ensemble.predict`; watch: is told how many are done."""
    check_geometry(structures)  # of all before any is predicted
    numbers = element_numbers(structures, ensemble.elements)
    use_threads(threads)
    settings = ensemble.settings.descriptor
    spread = spread and forces
    count, atoms = len(structures), len(structures.species)
    atomic = np.empty((ensemble.settings.members, atoms))
    force, strain = np.empty((atoms, 3)), np.empty((count, 3, 3))
    force_std, distance, leverage = np.empty(atoms), np.empty(atoms), np.empty(count)
    trust = ensemble.trust if spread else None
    for part, rows in _parts(structures):
        given, kinds = structures.structures(part), numbers[rows]
        if forces:
            features, pairs = describe_with_pairs(
                given, settings, ensemble.elements, first=part.start
            )
            if spread:
                energies, gradients = ensemble.with_gradients(features, kinds)
                force_std[rows] = member_spread(_forces_of_members(gradients, pairs))
                gradient = gradients.mean(dim=0)
                if trust is not None:
                    x, last = ensemble.inputs(features, kinds, given.sizes)
                    distance[rows] = trust.surroundings.distances(x, kinds)
                    leverage[part] = trust.last_layer.leverage(last)
            else:
                energies, gradient = ensemble.with_gradient(features, kinds)
            force[rows], strain[part] = forces_and_strain(gradient.cpu().numpy(), pairs)
        else:
            features = describe(given, settings, ensemble.elements, first=part.start)
            energies = ensemble.atomic_energies(features, kinds)
        atomic[:, rows] = energies.cpu().numpy()
        if watch is not None:
            watch(part.stop)
    volume = np.where(structures.volume > 0, structures.volume, np.nan)[:, None, None]
    return Prediction(
        energies=frame_sums(atomic, structures.sizes, axis=1),
        atomic_energies=atomic,
        forces=force if forces else None,
        stress=strain / volume if forces else None,
        force_std=force_std if spread else None,
        distance=distance if trust else None,
        leverage=leverage if trust else None,
    )


class Members(NamedTuple):
    """What each of M members says of F structures of A atoms, and what it is told of them.

    energies (M, F), eV; forces (M, A, 3), eV/A; x (A, D): standardised features; last (M, F, S H):
    what the last layer is given, see `Ensemble.inputs`.
    """

    energies: Floats
    forces: Floats
    x: Floats
    last: Floats


def predict_members(ensemble: "Ensemble", structures: Structures) -> Members:
    """Predict structures by each member; they are such as can be predicted, see `predict`."""
    numbers = element_numbers(structures, ensemble.elements)
    settings = ensemble.settings.descriptor
    atomic, forces, x, last = [], [], [], []
    for part, rows in _parts(structures):
        given = structures.structures(part)
        features, pairs = describe_with_pairs(given, settings, ensemble.elements, first=part.start)
        energies, gradients = ensemble.with_gradients(features, numbers[rows])
        atomic.append(energies.cpu().numpy())
        forces.append(_forces_of_members(gradients, pairs))
        inputs = ensemble.inputs(features, numbers[rows], given.sizes)
        x.append(inputs[0])
        last.append(inputs[1])
    return Members(
        frame_sums(np.concatenate(atomic, axis=1), structures.sizes, axis=1),
        np.concatenate(forces, axis=1),
        np.concatenate(x),
        np.concatenate(last, axis=1),
    )


def _forces_of_members(gradients: Tensor, pairs: Pairs) -> Floats:
    """Return the forces (M, A, 3) for each member's dE/dD (M, A, D)."""
    every = np.arange(len(pairs.start) - 1)
    found = force_map(pairs, str(gradients.device))(gradients.contiguous(), every)
    return np.asarray(found.cpu().numpy())


def _parts(structures: Structures) -> Iterator[tuple[slice, slice]]:
    """Yield the structures that are evaluated at a time, and where their atoms are: one, or as many
    as few enough atoms.
    """
    start = structures.start
    first = 0
    for structure in range(1, len(structures) + 1):
        last = structure == len(structures)
        if last or start[structure + 1] - start[first] > _CHUNK_ATOMS:
            yield slice(first, structure), slice(int(start[first]), int(start[structure]))
            first = structure


def predict_energies(
    ensemble: "Ensemble", features: NDArray[np.floating], species: Indices
) -> Floats:
    """Return atomic energies (M, A), eV, by member, for features (A, D).

    species (A,): atomic numbers, as of `Structures`, of elements that the ensemble knows.
    """
    numbers = places(species, ensemble.elements)
    atomic = np.empty((ensemble.settings.members, len(features)))
    for first in range(0, len(features), _CHUNK_ATOMS):
        part = slice(first, first + _CHUNK_ATOMS)
        atomic[:, part] = ensemble.atomic_energies(features[part], numbers[part]).cpu().numpy()
    return atomic
