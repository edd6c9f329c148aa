"""Compiled symmetry functions; see `descriptors` for the equations and the arrays."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from potstill.potentials.neighbours import half_list, image_reach, image_shifts, wrap

Floats = NDArray[np.float64]
Array = NDArray[np.floating]
Indices = NDArray[np.int32]


class Functions(NamedTuple):
    """The symmetry functions as numbers, for compiled code: lengths in A, widths in 1/A^2."""

    radial_cutoff: float
    radial_shifts: Floats
    radial_eta: float
    angular_cutoff: float
    angular_shifts: Floats
    angular_eta: float
    zeta: float
    section_cos: Floats
    section_sin: Floats
    smooth: bool


@njit(cache=True, nogil=True, error_model="numpy")
def _half_pairs(positions: Floats, cell: Floats, cutoff: float) -> tuple[Indices, Floats, Floats]:
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
        count = half_list(x, atoms, cell, inverse, cutoff, reach, start, partner, image)
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


@njit(cache=True, nogil=True, parallel=True)
def count_pairs(
    positions: Floats,
    cells: Floats,
    radial_cutoff: float,
    angular_cutoff: float,
    counts: NDArray[np.int64],
) -> None:
    """Write the number of half pairs and of ordered angular pairs of each frame."""
    for f in prange(len(cells)):
        distance = _half_pairs(positions[f], cells[f], radial_cutoff)[2]
        counts[f, 0] = len(distance)
        counts[f, 1] = 2 * np.sum(distance < angular_cutoff)


@njit(cache=True, nogil=True, error_model="numpy")
def _cutoff(r: float, cutoff: float, smooth: bool) -> tuple[float, float]:
    """Return the cut-off function and its derivative (1/A) at r < cutoff."""
    if smooth:
        inside = max(1e-10, 1.0 - (r / cutoff) ** 2)
        value = math.exp(1.0 - 1.0 / inside)
        return value, -value * 2.0 * r / (cutoff * inside) ** 2
    angle = math.pi * r / cutoff
    return 0.5 * math.cos(angle) + 0.5, -0.5 * math.pi / cutoff * math.sin(angle)


@njit(cache=True, nogil=True, error_model="numpy")
def _power(x: float, exponent: float) -> float:
    """Return x**exponent, by squaring for whole exponents (pow is slow)."""
    whole = int(exponent)
    if whole != exponent:
        return math.pow(x, exponent)
    result = 1.0
    while whole:
        if whole & 1:
            result *= x
        x *= x
        whole >>= 1
    return result


@njit(cache=True, nogil=True, error_model="numpy")
def _add_radial(
    index: Indices,
    distance: Floats,
    functions: Functions,
    values: Floats,
    slope: Array,
    with_slope: bool,
) -> None:
    """Add the radial features of one frame, and write their slopes (P, R)."""
    eta = functions.radial_eta
    for p in range(len(distance)):
        r = distance[p]
        fc, fc_slope = _cutoff(r, functions.radial_cutoff, functions.smooth)
        for k in range(len(functions.radial_shifts)):
            d = r - functions.radial_shifts[k]
            term = 0.25 * math.exp(-eta * d * d)
            values[index[p, 0], k] += term * fc
            values[index[p, 1], k] += term * fc
            if with_slope:
                slope[p, k] = term * (fc_slope - 2.0 * eta * d * fc)


@njit(cache=True, nogil=True, error_model="numpy")
def _by_centre(
    atoms: int, index: Indices, vector: Floats, distance: Floats, cutoff: float
) -> tuple[NDArray[np.int64], Indices, Floats]:
    """Turn the half pairs closer than `cutoff` into ordered pairs sorted by centre.

    Returns the start (N + 1,) of each atom's pairs, index (Q, 2) and vector (Q, 3).
    """
    start = np.zeros(atoms + 1, dtype=np.int64)
    for p in range(len(distance)):
        if distance[p] < cutoff:
            start[index[p, 0] + 1] += 1
            start[index[p, 1] + 1] += 1
    start = np.cumsum(start)
    place = start.copy()
    ordered = np.empty((start[atoms], 2), dtype=np.int32)
    vectors = np.empty((start[atoms], 3))
    for p in range(len(distance)):
        if distance[p] < cutoff:
            for side in range(2):
                q = place[index[p, side]]
                place[index[p, side]] += 1
                ordered[q, 0] = index[p, side]
                ordered[q, 1] = index[p, 1 - side]
                for d in range(3):
                    vectors[q, d] = vector[p, d] if side == 0 else -vector[p, d]
    return start, ordered, vectors


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})
def _add_angular(
    start: NDArray[np.int64],
    vector: Floats,
    functions: Functions,
    values: Floats,
    slope: Floats,
    with_slope: bool,
) -> None:
    """Add the angular features of one frame, and their derivatives to slope (Q, 3, K)."""
    eta, zeta = functions.angular_eta, functions.zeta
    shift_count, section_count = len(functions.angular_shifts), len(functions.section_cos)
    first = len(functions.radial_shifts)
    pairs = len(vector)
    distance = np.empty(pairs)
    unit = np.empty((pairs, 3))
    fc = np.empty((pairs, 2))
    for q in range(pairs):
        distance[q] = math.sqrt(vector[q, 0] ** 2 + vector[q, 1] ** 2 + vector[q, 2] ** 2)
        fc[q] = _cutoff(distance[q], functions.angular_cutoff, functions.smooth)
        for d in range(3):
            unit[q, d] = vector[q, d] / distance[q]
    angular = np.empty(section_count)
    angular_slope = np.empty(section_count)
    along = np.empty((2, 3))
    across = np.empty((2, 3))
    for i in range(len(start) - 1):
        for a in range(start[i], start[i + 1]):
            for b in range(a + 1, start[i + 1]):
                cosine = unit[a, 0] * unit[b, 0] + unit[a, 1] * unit[b, 1] + unit[a, 2] * unit[b, 2]
                c = 0.95 * cosine
                s = math.sqrt(1.0 - c * c)
                for l in range(section_count):  # noqa: E741
                    half = 0.5 * (1.0 + c * functions.section_cos[l] + s * functions.section_sin[l])
                    reduced = _power(half, zeta - 1.0)
                    angular[l] = half * reduced
                    # d/d(cosine), with ds/dc = -c/s
                    angular_slope[l] = (
                        0.475
                        * zeta
                        * reduced
                        * (functions.section_cos[l] - c / s * functions.section_sin[l])
                    )
                if with_slope:
                    for d in range(3):
                        along[0, d], along[1, d] = unit[a, d], unit[b, d]
                        across[0, d] = (unit[b, d] - cosine * unit[a, d]) / distance[a]
                        across[1, d] = (unit[a, d] - cosine * unit[b, d]) / distance[b]
                cutoffs = 2.0 * fc[a, 0] * fc[b, 0]
                for k in range(shift_count):
                    d_mean = 0.5 * (distance[a] + distance[b]) - functions.angular_shifts[k]
                    gauss = math.exp(-eta * d_mean * d_mean)
                    radial = gauss * cutoffs
                    offset = k * section_count
                    for l in range(section_count):  # noqa: E741
                        values[i, first + offset + l] += radial * angular[l]
                    if with_slope:
                        by_mean = -eta * d_mean * radial  # d/dr of either side, through the mean
                        by_a = by_mean + 2.0 * gauss * fc[a, 1] * fc[b, 0]
                        by_b = by_mean + 2.0 * gauss * fc[a, 0] * fc[b, 1]
                        for d in range(3):
                            for l in range(section_count):  # noqa: E741
                                t, t_slope = angular[l], radial * angular_slope[l]
                                slope[a, d, offset + l] += (
                                    by_a * t * along[0, d] + t_slope * across[0, d]
                                )
                                slope[b, d, offset + l] += (
                                    by_b * t * along[1, d] + t_slope * across[1, d]
                                )


@njit(cache=True, nogil=True, parallel=True)
def describe_frames(
    positions: Floats,
    cells: Floats,
    functions: Functions,
    values: Floats,
    radial_start: NDArray[np.int64],
    radial_index: Indices,
    radial_unit: Array,
    radial_length: Array,
    radial_slope: Array,
    angular_start: NDArray[np.int64],
    angular_index: Indices,
    angular_vector: Array,
    angular_slope: Array,
    with_pairs: bool,
) -> None:
    """Fill features and, if asked, the arrays of `Pairs`; each frame is one thread's."""
    features = len(functions.angular_shifts) * len(functions.section_cos)
    for f in prange(len(cells)):
        index, vector, distance = _half_pairs(positions[f], cells[f], functions.radial_cutoff)
        first, last = radial_start[f], radial_start[f + 1]
        _add_radial(index, distance, functions, values[f], radial_slope[first:last], with_pairs)
        start, ordered, vectors = _by_centre(
            positions.shape[1], index, vector, distance, functions.angular_cutoff
        )
        slope = np.zeros((len(vectors) if with_pairs else 0, 3, features))
        _add_angular(start, vectors, functions, values[f], slope, with_pairs)
        if with_pairs:
            radial_index[first:last] = index
            radial_unit[first:last] = vector / distance.reshape(-1, 1)
            radial_length[first:last] = distance
            first, last = angular_start[f], angular_start[f + 1]
            angular_index[first:last] = ordered
            angular_vector[first:last] = vectors
            angular_slope[first:last] = slope
