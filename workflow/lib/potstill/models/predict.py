"""Predictions of an ensemble for structures: energies by member, forces of the mean."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from potstill.data.geometry import check_geometry
from potstill.data.structures import Floats, Indices, Structures, frame_sums
from potstill.descriptors.elements import element_numbers, places
from potstill.descriptors.pair_forces import forces_and_strain
from potstill.descriptors.symmetry_functions import describe, describe_with_pairs
from potstill.models.committee import Prediction
from potstill.runtime.compiled import use_threads

if TYPE_CHECKING:  # which has a method of this
    from potstill.models.ensemble import Ensemble

# atoms evaluated at a time: what they need stays in the cache
_CHUNK_ATOMS = 512


def predict(
    ensemble: "Ensemble",
    structures: Structures,
    *,
    forces: bool,
    threads: int = 1,
    watch: Callable[[int], None] | None = None,
) -> Prediction:
    """Predict structures in chunks, see `Ensemble.predict`; watch: is told how many are done."""
    check_geometry(structures)  # of all before any is predicted
    numbers = element_numbers(structures, ensemble.elements)
    use_threads(threads)
    settings = ensemble.settings.descriptor
    count, atoms = len(structures), len(structures.species)
    atomic = np.empty((ensemble.settings.members, atoms))
    force, strain = np.empty((atoms, 3)), np.empty((count, 3, 3))
    for part in _parts(structures.sizes):
        given = structures.structures(part)
        rows = slice(structures.start[part.start], structures.start[part.stop])
        if forces:
            features, pairs = describe_with_pairs(
                given, settings, ensemble.elements, first=part.start
            )
            energies, gradient = ensemble.with_gradient(features, numbers[rows])
            force[rows], strain[part] = forces_and_strain(gradient.cpu().numpy(), pairs)
        else:
            features = describe(given, settings, ensemble.elements, first=part.start)
            energies = ensemble.atomic_energies(features, numbers[rows])
        atomic[:, rows] = energies.cpu().numpy()
        if watch is not None:
            watch(part.stop)
    volume = np.where(structures.volume > 0, structures.volume, np.nan)[:, None, None]
    return Prediction(
        energies=frame_sums(atomic, structures.sizes, axis=1),
        atomic_energies=atomic,
        forces=force if forces else None,
        stress=strain / volume if forces else None,
    )


def _parts(sizes: Indices) -> Iterator[slice]:
    """Yield the structures that are evaluated at a time: one, or as many as few enough atoms."""
    first = atoms = 0
    for structure, size in enumerate(sizes):
        if structure > first and atoms + size > _CHUNK_ATOMS:
            yield slice(first, structure)
            first, atoms = structure, 0
        atoms += size
    yield slice(first, len(sizes))


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
