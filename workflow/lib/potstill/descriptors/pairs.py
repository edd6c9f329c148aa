"""Pairs of atoms, and all symmetry functions of many frames: one thread a frame."""

import math

import numpy as np
from numpy.typing import NDArray

from potstill.data.geometry import SAME_SPOT_A
from potstill.descriptors.angular import add_angular, add_angular_with_slopes
from potstill.descriptors.radial import Array, Floats, Functions, Indices, Numbers, add_radial
from potstill.potentials.neighbours import HalfList, half_list, image_reach, image_shifts, wrap
from potstill.runtime.compiled import njit, parallel, prange


@njit(cache=True, nogil=True, error_model="numpy", fastmath=False)
def half_pairs(positions: Floats, cell: Floats, cutoff: float) -> tuple[Indices, Floats, Floats]:
    """Return atoms (P, 2), vectors (P, 3) and distances (P,) of all pairs closer than `cutoff`."""
    atoms = positions.shape[0]
    inverse = np.linalg.inv(cell)
    x = positions.copy()
    wrap(x, cell, inverse, atoms)
    reach = image_reach(inverse, cutoff)
    images = np.zeros(((2 * reach[0] + 1) * (2 * reach[1] + 1) * (2 * reach[2] + 1), 3))
    image_shifts(cell, reach, images)
    start = np.zeros(atoms + 1, dtype=np.uint32)
    # twice what a uniform density would need; doubled until the list fits
    capacity = int(4.2 * cutoff**3 * atoms / abs(np.linalg.det(cell)) * atoms) + 64
    count = -1
    while count < 0:
        partner = np.zeros(capacity, dtype=np.uint32)
        image = np.zeros(capacity, dtype=np.uint32)
        count = half_list(x, cell, inverse, cutoff, reach, HalfList(start, partner, image))
        capacity *= 2
    index = np.empty((count, 2), dtype=np.int32)
    vector = np.empty((count, 3))
    distance = np.empty(count)
    for i in range(atoms):
        for p in range(start[i], start[i + 1]):
            index[p, 0] = i
            index[p, 1] = partner[p]
            square = 0.0
            for d in range(3):
                vector[p, d] = x[partner[p], d] + images[image[p], d] - x[i, d]
                square += vector[p, d] ** 2
            distance[p] = math.sqrt(square)
    return index, vector, distance


@parallel(cache=True, nogil=True, fastmath=False)
def count_pairs(
    positions: Floats,
    cells: Floats,
    atoms: NDArray[np.int64],
    radial_cutoff: float,
    angular_cutoff: float,
    counts: NDArray[np.int64],
) -> None:
    """Write the number of half pairs and of ordered angular pairs of each frame.

    atoms (F + 1,): those of frame f are atoms[f] to atoms[f + 1].
    """
    for f in prange(len(cells)):
        distance = half_pairs(positions[atoms[f] : atoms[f + 1]], cells[f], radial_cutoff)[2]
        counts[f, 0] = len(distance)
        counts[f, 1] = 2 * np.sum(distance < angular_cutoff)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=False)
def _by_centre(
    numbers: Numbers,
    elements: int,
    index: Indices,
    vector: Floats,
    distance: Floats,
    cutoff: float,
) -> tuple[NDArray[np.int64], Indices, Floats]:
    """Turn the half pairs closer than `cutoff` into ordered pairs sorted by centre, then element.

    Returns where the pairs of each centre with neighbours of each of S elements start (N S + 1,),
    index (Q, 2) and vector (Q, 3).
    """
    start = np.zeros(len(numbers) * elements + 1, dtype=np.int64)
    for p in range(len(distance)):
        if distance[p] < cutoff:
            i, j = index[p, 0], index[p, 1]
            start[i * elements + numbers[j] + 1] += 1
            start[j * elements + numbers[i] + 1] += 1
    start = np.cumsum(start)
    place = start.copy()
    ordered = np.empty((start[-1], 2), dtype=np.int32)
    vectors = np.empty((start[-1], 3))
    for p in range(len(distance)):
        if distance[p] < cutoff:
            for side in range(2):
                centre, neighbour = index[p, side], index[p, 1 - side]
                run = centre * elements + numbers[neighbour]
                q = place[run]
                place[run] += 1
                ordered[q, 0] = centre
                ordered[q, 1] = neighbour
                for d in range(3):
                    vectors[q, d] = vector[p, d] if side == 0 else -vector[p, d]
    return start, ordered, vectors


@parallel(cache=True, nogil=True, fastmath=False)
def describe_frames(
    positions: Floats,
    cells: Floats,
    functions: Functions,
    values: Floats,
    atoms: NDArray[np.int64],
    numbers: Numbers,
    elements: int,
    radial_start: NDArray[np.int64],
    radial_index: Indices,
    radial_unit: Array,
    radial_length: Array,
    radial_slope: Array,
    angular_run: NDArray[np.int64],
    angular_index: Indices,
    angular_vector: Array,
    angular_slope: Array,
    with_pairs: bool,
) -> None:
    """Fill features and, if asked, the arrays of `Pairs`; each frame is one thread's.

    Where the pairs of a frame begin is given. A feature of a frame in which two atoms are on one
    spot is NaN.
    """
    for f in prange(len(cells)):
        here = slice(atoms[f], atoms[f + 1])
        kinds, features = numbers[here], values[here]
        index, vector, distance = half_pairs(positions[here], cells[f], functions.radial_cutoff)
        first, last = radial_start[f], radial_start[f + 1]
        slope = radial_slope[first:last]
        add_radial(index, distance, kinds, functions, features, slope, with_pairs)
        start, ordered, vectors = _by_centre(
            kinds, elements, index, vector, distance, functions.angular_cutoff
        )
        if with_pairs:
            runs = atoms[f] * elements
            row, end = angular_run[runs], angular_run[atoms[f + 1] * elements]
            for run in range(1, len(start) - 1):
                angular_run[runs + run] = row + start[run]
            angles = angular_slope[row:end]
            add_angular_with_slopes(start, elements, vectors, functions, features, angles)
            radial_index[first:last] = index
            radial_unit[first:last] = vector / distance.reshape(-1, 1)
            radial_length[first:last] = distance
            angular_index[row:end] = ordered
            angular_vector[row:end] = vectors
        else:
            add_angular(start, elements, vectors, functions, features)
        for p in range(len(distance)):
            if distance[p] < SAME_SPOT_A:
                features[index[p, 0], 0] = np.nan
