"""Whether two relaxations of the same structures ended in the same minima, and how far apart."""

from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Nearer than this in energy, eV/atom, and positions, A, two ends are one minimum.
SAME_EV, SAME_A = 1e-3, 0.05


def compared_minima(
    own: list[ase.Atoms], own_eV: Floats, peer: list[ase.Atoms], peer_eV: Floats
) -> dict[str, Any]:
    """Return how many pairs ended in the same minimum, and the largest differences among these.

    Energies are of whole structures. Of positions and cells, as `distance_A` compares them.
    """
    sizes = np.array([len(image) for image in own])
    energy = np.abs(own_eV - peer_eV) / sizes
    apart = np.array([distance_A(*pair) for pair in zip(own, peer, strict=True)])
    same = (energy < SAME_EV) & (apart.max(axis=1) < SAME_A)
    return {
        "pairs": len(own),
        "same_minimum": int(same.sum()),
        "own_is_lower": int(((own_eV - peer_eV) / sizes < -SAME_EV).sum()),
        "positions_A": float(apart[same, 0].max(initial=0)),
        "cells_A": float(apart[same, 1].max(initial=0)),
        "energy_meV_per_atom": float(1e3 * energy[same].max(initial=0)),
    }


def distance_A(one: ase.Atoms, other: ase.Atoms) -> tuple[float, float]:
    """Return how far apart atoms are at most, and cell vectors, but for a shift and a rotation."""
    # the rotation that takes one cell nearest to the other (Kabsch)
    u, _, vt = np.linalg.svd(one.cell.array.T @ other.cell.array)
    turn = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt
    cells = np.linalg.norm(one.cell.array @ turn - other.cell.array, axis=1).max()
    inside = one.cell.scaled_positions(one.positions)
    difference = inside - other.cell.scaled_positions(other.positions)
    difference -= difference[0]
    difference -= np.where(one.pbc, np.round(difference), 0)
    moved = other.cell.cartesian_positions(difference)
    moved -= moved.mean(axis=0)
    return float(np.linalg.norm(moved, axis=1).max()), float(cells)
