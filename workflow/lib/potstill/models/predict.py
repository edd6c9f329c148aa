"""Predictions of an ensemble for frames: energies by member, forces of the mean."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potstill.data.frames import Floats, Frames
from potstill.data.geometry import check_geometry
from potstill.descriptors.pair_forces import forces_and_strain
from potstill.descriptors.symmetry_functions import describe, describe_with_pairs
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.runtime.compiled import use_threads

# atoms evaluated at a time: what they need stays in the cache
_CHUNK_ATOMS = 512


@dataclass(frozen=True)
class Prediction:
    """energy (F,): mean over members, eV; atomic_energies (M, F, N): by member, eV; forces
    (F, N, 3): of the mean, eV/A; stress (F, 3, 3): of the mean, eV/A^3, positive under tension.

    Forces and stress are None when they were not asked for.
    """

    energy: Floats
    atomic_energies: Floats
    forces: Floats | None
    stress: Floats | None


def predict(ensemble: Ensemble, frames: Frames, *, forces: bool, threads: int = 1) -> Prediction:
    """Predict frames in chunks; labels are not looked at.

    Raises PotstillError for frames of another element.
    """
    if frames.symbol != ensemble.symbol:
        raise PotstillError(
            f"this model is for {ensemble.symbol}, the frames hold {frames.symbol}; "
            "give frames of the model's element"
        )
    return predict_arrays(ensemble, frames.positions, frames.cell, forces=forces, threads=threads)


def predict_energies(ensemble: Ensemble, features: NDArray[np.floating]) -> Floats:
    """Return atomic energies (M, F, N), eV, by member, for features (F, N, D) of frames."""
    count, atoms, width = features.shape
    flat = features.reshape(-1, width)
    atomic = np.empty((ensemble.settings.members, len(flat)))
    for first in range(0, len(flat), _CHUNK_ATOMS):
        part = slice(first, first + _CHUNK_ATOMS)
        atomic[:, part] = ensemble.atomic_energies(flat[part]).cpu().numpy()
    return atomic.reshape(-1, count, atoms)


def predict_arrays(
    ensemble: Ensemble, positions: Floats, cell: Floats, *, forces: bool, threads: int = 1
) -> Prediction:
    """Predict F frames of the model's element: positions (F, N, 3) and cell (F, 3, 3) in A.

    Raises PotstillError, naming frame and atom, for what cannot be evaluated: see `describe`.
    """
    check_geometry(positions, cell)  # of all before any is predicted
    use_threads(threads)
    count, atoms = positions.shape[:2]
    atomic = np.empty((ensemble.settings.members, count, atoms))
    force, strain = np.empty((count, atoms, 3)), np.empty((count, 3, 3))
    size = max(1, _CHUNK_ATOMS // atoms)
    for first in range(0, count, size):
        part = slice(first, min(first + size, count))
        shape = (-1, part.stop - first, atoms)
        settings = ensemble.settings.descriptor
        if forces:
            features, pairs = describe_with_pairs(
                positions[part], cell[part], settings, first=first
            )
            flat = features.reshape(-1, features.shape[-1])
            energies, gradient = ensemble.with_gradient(flat)
            g = gradient.cpu().numpy().reshape(features.shape)
            force[part], strain[part] = forces_and_strain(g, pairs)
        else:
            features = describe(positions[part], cell[part], settings, first=first)
            energies = ensemble.atomic_energies(features.reshape(-1, features.shape[-1]))
        atomic[:, part] = energies.cpu().numpy().reshape(shape)
    volume = np.abs(np.linalg.det(cell))[:, None, None]
    return Prediction(
        energy=atomic.sum(axis=2).mean(axis=0),
        atomic_energies=atomic,
        forces=force if forces else None,
        stress=strain / volume if forces else None,
    )
