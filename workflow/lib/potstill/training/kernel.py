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
        distance = half_pairs(positions[f], cells[f], radial_cutoff)[2]
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
def _ratios(shifts: Floats, eta: float) -> Floats:
    """Return exp(-eta h^2 (2 j + 1)), (K,), for K evenly spaced shifts (A) a distance h apart.

    The ratios of neighbouring Gaussians that `_gaussians` needs; zeros where they are so narrow
    that it has to do without.
    """
    spacing = shifts[1] - shifts[0] if len(shifts) > 1 else 0.0
    result = np.zeros(len(shifts))
    if eta * spacing**2 < 300.0:
        for j in range(len(shifts)):
            result[j] = math.exp(-eta * spacing**2 * (2 * j + 1))
    return result


@njit(cache=True, nogil=True, error_model="numpy")
def _gaussians(r: float, shifts: Floats, eta: float, ratios: Floats, out: Floats) -> None:
    """Write exp(-eta (r - s_k)^2), (K,), of evenly spaced shifts s_k; ratios: of `_ratios`.

    Two exponentials instead of K: with d = r - s_m for the nearest shift s_m, neighbours j and
    j + 1 places away from it differ by the factor exp(2 eta d h) exp(-eta h^2 (2 j + 1)), or
    exp(-2 eta d h) on the other side. No factor exceeds 1, so nothing overflows.
    """
    count = len(shifts)
    if ratios[0] == 0.0:
        for k in range(count):
            out[k] = math.exp(-eta * (r - shifts[k]) ** 2)
        return
    spacing = shifts[1] - shifts[0] if count > 1 else 1.0
    m = min(max(int((r - shifts[0]) / spacing + 0.5), 0), count - 1)
    d = r - shifts[m]
    up = math.exp(2.0 * eta * d * spacing)
    down = 1.0 / up
    out[m] = math.exp(-eta * d * d)
    for k in range(m + 1, count):
        out[k] = out[k - 1] * (up * ratios[k - m - 1])
    for k in range(m - 1, -1, -1):
        out[k] = out[k + 1] * (down * ratios[m - k - 1])


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
    ratios = _ratios(functions.radial_shifts, eta)
    terms = np.empty(len(ratios))
    for p in range(len(distance)):
        r = distance[p]
        fc, fc_slope = _cutoff(r, functions.radial_cutoff, functions.smooth)
        _gaussians(r, functions.radial_shifts, eta, ratios, terms)
        # rows first: indices that may be negative would keep the loops from being vectorised
        one, other = values[index[p, 0]], values[index[p, 1]]
        for k in range(len(terms)):
            term = 0.25 * fc * terms[k]
            one[k] += term
            other[k] += term
        if with_slope:
            row = slope[p]
            for k in range(len(terms)):
                d = r - functions.radial_shifts[k]
                row[k] = 0.25 * terms[k] * (fc_slope - 2.0 * eta * d * fc)


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
    ratios = _ratios(functions.angular_shifts, eta)
    gauss = np.empty(shift_count)
    angular = np.empty(section_count)
    angular_slope = np.empty(section_count)
    feature = np.empty(shift_count * section_count)
    stretch_a, stretch_b = np.empty_like(feature), np.empty_like(feature)
    turn = np.empty_like(feature)
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
                cutoffs = 2.0 * fc[a, 0] * fc[b, 0]
                mean = 0.5 * (distance[a] + distance[b])
                _gaussians(mean, functions.angular_shifts, eta, ratios, gauss)
                for k in range(shift_count):
                    radial = gauss[k] * cutoffs
                    # d/dr of either side, through the mean, and through its own cut-off
                    by_mean = -eta * (mean - functions.angular_shifts[k]) * radial
                    by_a = by_mean + 2.0 * gauss[k] * fc[a, 1] * fc[b, 0]
                    by_b = by_mean + 2.0 * gauss[k] * fc[a, 0] * fc[b, 1]
                    for l in range(section_count):  # noqa: E741
                        feature[k * section_count + l] = radial * angular[l]
                        stretch_a[k * section_count + l] = by_a * angular[l]
                        stretch_b[k * section_count + l] = by_b * angular[l]
                        turn[k * section_count + l] = radial * angular_slope[l]
                row = values[i, first:]
                for kl in range(len(feature)):
                    row[kl] += feature[kl]
                if with_slope:
                    for d in range(3):
                        along_a, along_b = unit[a, d], unit[b, d]
                        across_a = (along_b - cosine * along_a) / distance[a]
                        across_b = (along_a - cosine * along_b) / distance[b]
                        row_a, row_b = slope[a, d], slope[b, d]
                        for kl in range(len(feature)):
                            row_a[kl] += stretch_a[kl] * along_a + turn[kl] * across_a
                            row_b[kl] += stretch_b[kl] * along_b + turn[kl] * across_b


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
        index, vector, distance = half_pairs(positions[f], cells[f], functions.radial_cutoff)
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
