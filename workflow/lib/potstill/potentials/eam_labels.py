"""EAM labels of many structures, one after another or on several threads, compiled."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from potstill.data.geometry import SAME_SPOT_A
from potstill.potentials.alloy_kernel import AlloyTables, Types, alloy_energy_forces
from potstill.potentials.eam_kernel import Tables, energy_forces, make_work, strain_derivative
from potstill.potentials.neighbours import (
    Floats,
    HalfList,
    half_list,
    image_reach,
    image_shifts,
    wrap,
)
from potstill.runtime.compiled import njit, parallel, prange, renamed

Integers = NDArray[np.int64]


@njit(cache=True, nogil=True)
def _listed(positions: Floats, cell: Floats, cutoff: float) -> tuple[Floats, Floats, HalfList, int]:
    """Return wrapped positions (N, 4), the images' shifts, the half list and its pairs' number."""
    atoms = positions.shape[0]
    volume = abs(np.linalg.det(cell))
    inverse = np.linalg.inv(cell)
    x = np.zeros((atoms, 4))
    x[:, :3] = positions
    wrap(x, cell, inverse, atoms)
    reach = image_reach(inverse, cutoff)
    shifts = np.zeros(((2 * reach[0] + 1) * (2 * reach[1] + 1) * (2 * reach[2] + 1), 4))
    image_shifts(cell, reach, shifts)
    start = np.zeros(atoms + 1, dtype=np.uint32)
    # twice the pairs of a uniform density, doubled until the list fits
    capacity = int(4.2 * cutoff**3 * atoms / volume * atoms) + 64
    while True:
        partner = np.zeros(capacity, dtype=np.uint32)
        image = np.zeros(capacity, dtype=np.uint32)
        listed = HalfList(start, partner, image)
        pairs = half_list(x, cell, inverse, cutoff, reach, listed)
        if pairs >= 0:
            return x, shifts, listed, pairs
        capacity = 2 * capacity


@njit(cache=True, nogil=True)
def _label_one(
    positions: Floats,
    cell: Floats,
    cutoff: float,
    tables: Tables,
    atomic: Floats,
    forces: Floats,
    stress: Floats,
    same: Integers,
) -> float:
    """Return the energy (eV) of a structure of one element; fill its other labels.

    same: (2,) gets two atoms that are on one spot, if any are.
    """
    atoms = positions.shape[0]
    x, shifts, listed, pairs = _listed(positions, cell, cutoff)
    work = make_work(atoms, pairs)
    padded = np.zeros((atoms, 4))
    energy, count = energy_forces(x, shifts, listed, tables, work, padded, atomic)
    forces[:] = padded[:, :3]
    strain_derivative(work, count, stress)
    stress /= abs(np.linalg.det(cell))
    i = 0
    for p in range(count):
        while p >= work.ends[i]:
            i += 1
        a, b, c = work.vector[p, 0], work.vector[p, 1], work.vector[p, 2]
        if a * a + b * b + c * c < SAME_SPOT_A**2:
            same[0], same[1] = i, work.second[p]
    return energy


@njit(cache=True, nogil=True)
def _label_mixed(
    positions: Floats,
    types: Types,
    cell: Floats,
    cutoff: float,
    tables: AlloyTables,
    atomic: Floats,
    forces: Floats,
    stress: Floats,
    same: Integers,
) -> float:
    """Return the energy (eV) of a structure of several elements; fill its other labels."""
    x, shifts, listed, pairs = _listed(positions, cell, cutoff)
    energy = alloy_energy_forces(x, types, shifts, listed, tables, forces, atomic, stress)
    stress /= abs(np.linalg.det(cell))
    i = 0
    for p in range(pairs):
        while p >= listed.start[i + 1]:
            i += 1
        j = listed.partner[p]
        apart = x[j] + shifts[listed.image[p]] - x[i]
        if (apart * apart).sum() < SAME_SPOT_A**2:
            same[0], same[1] = i, j
    return energy


# No tuple of labels, because numba loses what prange stores into a tuple's arrays.
def _label_pure_frames(
    which: Integers,
    start: Integers,
    positions: Floats,
    cells: Floats,
    cutoff: float,
    tables: Tables,
    energy: Floats,
    atomic: Floats,
    forces: Floats,
    stress: Floats,
    same: Integers,
) -> None:
    for k in prange(len(which)):
        f = which[k]
        here = slice(start[f], start[f + 1])
        energy[f] = _label_one(
            positions[here], cells[f], cutoff, tables, atomic[here], forces[here], stress[f],
            same[f],
        )  # fmt: skip


def _label_mixed_frames(
    which: Integers,
    start: Integers,
    positions: Floats,
    types: Types,
    cells: Floats,
    cutoff: float,
    tables: AlloyTables,
    energy: Floats,
    atomic: Floats,
    forces: Floats,
    stress: Floats,
    same: Integers,
) -> None:
    for k in prange(len(which)):
        f = which[k]
        here = slice(start[f], start[f + 1])
        energy[f] = _label_mixed(
            positions[here], types[here], cells[f], cutoff, tables, atomic[here], forces[here],
            stress[f], same[f],
        )  # fmt: skip


def _both(loop: Callable[..., None], name: str) -> tuple[Callable[..., None], Callable[..., None]]:
    """Return a loop over structures for one thread, which starts no others, and for several."""
    serial = njit(cache=True, nogil=True)(renamed(loop, f"{name}_serial"))
    return serial, parallel(cache=True, nogil=True)(loop)


label_pure, label_mixed = (
    _both(_label_pure_frames, "_label_pure"),
    _both(_label_mixed_frames, "_label_mixed"),
)
