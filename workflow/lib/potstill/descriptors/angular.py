"""Compiled angular symmetry functions of one frame; see `symmetry_functions` for the equations."""

import math

import numpy as np
from numpy.typing import NDArray

from potstill.descriptors.radial import (
    FAST,
    LARGEST,
    Array,
    Floats,
    Functions,
    cutoff_at,
    gaussian_ratios,
    stored,
)
from potstill.runtime.compiled import njit


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _mean_gaussians(
    mean: Floats, growth: Floats, functions: Functions, ratios: Floats, out: Floats
) -> None:
    """Write exp(-eta (m - s_k)^2), (K, B), of the means m (B,) of two distances, A.

    growth (B,): exp(2 eta h (m - s_0)), with the shifts h apart, from one factor of each distance;
    so one exponential does for all shifts: neighbouring terms differ by growth and
    by `gaussian_ratios`.
    """
    shifts, eta = functions.angular_shifts, functions.angular_eta
    if eta * (functions.angular_cutoff - shifts[0]) ** 2 > LARGEST:
        for k in range(len(shifts)):
            for b in range(len(mean)):
                out[k, b] = math.exp(-eta * (mean[b] - shifts[k]) ** 2)
        return
    for b in range(len(mean)):
        out[0, b] = math.exp(-eta * (mean[b] - shifts[0]) ** 2)
    for k in range(1, len(shifts)):
        for b in range(len(mean)):
            out[k, b] = out[k - 1, b] * (growth[b] * ratios[k - 1])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _sections(
    cosine: Floats,
    functions: Functions,
    sine: Floats,
    angular: Floats,
    turn: Floats,
    base: Floats,
    with_turn: bool,
) -> None:
    """Write the angular factors (S B,) of angles (B,), and in turn their derivatives by the cosine.

    sine (B,) and base (S B,) are scratch. Powers are by squaring: pow is slow.
    """
    count, zeta = len(cosine), functions.zeta
    for b in range(count):
        sine[b] = math.sqrt(1.0 - (0.95 * cosine[b]) ** 2)
    if with_turn:
        for b in range(count):
            base[b] = 0.95 * cosine[b] / sine[b]
    for l in range(len(functions.section_cos)):  # noqa: E741
        cos, sin = functions.section_cos[l], functions.section_sin[l]
        if with_turn:
            for b in range(count):
                turn[l * count + b] = 0.475 * zeta * (cos - base[b] * sin)
        for b in range(count):
            angular[l * count + b] = 0.5 * (1.0 + 0.95 * cosine[b] * cos + sine[b] * sin)
    size = count * len(functions.section_cos)
    whole = int(zeta)
    if whole != zeta:
        for p in range(size):
            power = math.pow(angular[p], zeta - 1.0)
            angular[p] *= power
            if with_turn:
                turn[p] *= power
        return
    base[:size] = angular[:size]
    whole -= 1
    while whole:
        if whole & 1:
            for p in range(size):
                angular[p] *= base[p]
            if with_turn:
                for p in range(size):
                    turn[p] *= base[p]
        for p in range(size):
            base[p] *= base[p]
        whole >>= 1


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _neighbours(
    vector: Floats,
    functions: Functions,
    r: Floats,
    fc: Floats,
    fc_slope: Floats,
    grow: Floats,
    unit: Floats,
) -> None:
    """Write what belongs to single neighbours at vector (B, 3), A.

    r, fc, fc_slope (B,): distance (A), cut-off function, its derivative (1/A); grow (B,): the
    factor of `_mean_gaussians`; unit (3, B): direction.
    """
    eta, shifts = functions.angular_eta, functions.angular_shifts
    spacing = shifts[1] - shifts[0] if len(shifts) > 1 else 0.0
    for q in range(len(vector)):
        v = vector[q]
        r[q] = math.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2)
        fc[q], fc_slope[q] = cutoff_at(r[q], functions.angular_cutoff, functions.smooth)
        grow[q] = math.exp(eta * spacing * (r[q] - shifts[0]))
        for d in range(3):
            unit[d, q] = v[d] / r[q]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=False)
def pair_block(s: int, t: int, elements: int) -> int:
    """Return the number of the block of functions of neighbours of elements s and t, any order."""
    low, high = min(s, t), max(s, t)
    return low * elements - low * (low - 1) // 2 + high - low


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def add_angular(
    start: NDArray[np.int64], elements: int, vector: Floats, functions: Functions, values: Floats
) -> None:
    """Add the angular features of one frame, without derivatives; start: of `pairs._by_centre`.

    All pairs of neighbours of a centre and two elements are done at once: the loops over them are
    long enough for the compiler's vectors, which those over the partners of one neighbour are not.
    """
    sections = len(functions.section_cos)
    ratios = gaussian_ratios(functions.angular_shifts, functions.angular_eta)
    centres = start[::elements]
    most = np.max(centres[1:] - centres[:-1])
    r, fc, fc_slope, grow = np.empty(most), np.empty(most), np.empty(most), np.empty(most)
    unit = np.empty((3, most))
    pairs = most * (most - 1) // 2
    cosine, mean, growth = np.empty(pairs), np.empty(pairs), np.empty(pairs)
    within, weight, sine = np.empty(pairs), np.empty(pairs), np.empty(pairs)
    gauss = np.empty((len(functions.angular_shifts), pairs))
    angular, spare = np.empty(sections * pairs), np.empty(sections * pairs)
    for i in range(len(values)):
        first = start[i * elements]
        of_centre = vector[first : start[(i + 1) * elements]]
        _neighbours(of_centre, functions, r, fc, fc_slope, grow, unit)
        run = start[i * elements : (i + 1) * elements + 1] - first
        for s in range(elements):
            for t in range(s, elements):
                size = 0
                for a in range(run[s], run[s + 1]):
                    x, y, z, ra, fa, grow_a = (
                        unit[0, a],
                        unit[1, a],
                        unit[2, a],
                        r[a],
                        fc[a],
                        grow[a],
                    )
                    after = max(a + 1, run[t])
                    for b in range(after, run[t + 1]):
                        p = size + (b - after)
                        cosine[p] = x * unit[0, b] + y * unit[1, b] + z * unit[2, b]
                        mean[p] = 0.5 * (ra + r[b])
                        growth[p] = grow_a * grow[b]
                        within[p] = 2.0 * fa * fc[b]
                    size += run[t + 1] - after
                _mean_gaussians(mean[:size], growth[:size], functions, ratios, gauss)
                _sections(cosine[:size], functions, sine, angular, spare, spare, False)
                block = elements * len(functions.radial_shifts) + (
                    pair_block(s, t, elements) * len(gauss) * sections
                )
                features = values[i, block : block + len(gauss) * sections]
                for k in range(len(gauss)):
                    for p in range(size):
                        weight[p] = within[p] * gauss[k, p]
                    for l in range(sections):  # noqa: E741
                        total = 0.0
                        for p in range(size):
                            total += weight[p] * angular[l * size + p]
                        features[k * sections + l] += total


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def add_angular_with_slopes(
    start: NDArray[np.int64],
    elements: int,
    vector: Floats,
    functions: Functions,
    values: Floats,
    slope: Array,
) -> None:
    """Add the angular features of one frame, and write their derivatives to slope (Q, 3, S K).

    All partners b, of one element, of a centre and one neighbour a are done at once, since the
    derivatives by the place of a are sums over b.
    """
    eta, shifts = functions.angular_eta, functions.angular_shifts
    sections = len(functions.section_cos)
    of_block = len(shifts) * sections
    ratios = gaussian_ratios(shifts, eta)
    centres = start[::elements]
    most = np.max(centres[1:] - centres[:-1])
    r, fc, fc_slope, grow = np.empty(most), np.empty(most), np.empty(most), np.empty(most)
    unit = np.empty((3, most))
    cosines, means, growth, sine = np.empty(most), np.empty(most), np.empty(most), np.empty(most)
    weight, by_a = np.empty(most), np.empty(most)
    gauss = np.empty((len(shifts), most))
    angular, turn, spare = (
        np.empty(sections * most),
        np.empty(sections * most),
        np.empty(sections * most),
    )
    for i in range(len(values)):
        first, last = start[i * elements], start[(i + 1) * elements]
        _neighbours(vector[first:last], functions, r, fc, fc_slope, grow, unit)
        run = start[i * elements : (i + 1) * elements + 1] - first
        for t in range(elements):
            low, high = run[t], run[t + 1]
            count = high - low
            ux, uy, uz = unit[0, low:high], unit[1, low:high], unit[2, low:high]
            rb, fb, grow_b = r[low:high], fc[low:high], grow[low:high]
            cosine, mean = cosines[:count], means[:count]
            for s in range(elements):
                block = elements * len(functions.radial_shifts) + (
                    pair_block(s, t, elements) * of_block
                )
                features = values[i, block : block + of_block]
                for a in range(run[s], run[s + 1]):
                    x, y, z, ra = unit[0, a], unit[1, a], unit[2, a], r[a]
                    fa, fa_slope, grow_a = fc[a], fc_slope[a], grow[a]
                    for b in range(count):
                        cosine[b] = x * ux[b] + y * uy[b] + z * uz[b]
                    for b in range(count):
                        mean[b] = 0.5 * (ra + rb[b])
                        growth[b] = grow_a * grow_b[b]
                    _mean_gaussians(mean, growth, functions, ratios, gauss)
                    _sections(cosine, functions, sine, angular, turn, spare, True)
                    for k in range(len(shifts)):
                        for b in range(count):
                            weight[b] = 2.0 * gauss[k, b] * fa * fb[b]
                        # by r_a: through its own cut-off, and through the mean
                        for b in range(count):
                            by_a[b] = (
                                2.0
                                * gauss[k, b]
                                * fb[b]
                                * (fa_slope - eta * (mean[b] - shifts[k]) * fa)
                            )
                        if s == t:  # a is no partner of its own
                            weight[a - low] = 0.0
                            by_a[a - low] = 0.0
                        for l in range(sections):  # noqa: E741
                            total = along = back = tx = ty = tz = 0.0
                            for b in range(count):
                                total += weight[b] * angular[l * count + b]
                                along += by_a[b] * angular[l * count + b]
                                across = weight[b] * turn[l * count + b]
                                back += across * cosine[b]
                                tx += across * ux[b]
                                ty += across * uy[b]
                                tz += across * uz[b]
                            kl = k * sections + l
                            # each pair of neighbours comes twice
                            features[kl] += 0.5 * total
                            along -= back / ra
                            row, column = first + a, t * of_block + kl
                            slope[row, 0, column] = stored(along * x + tx / ra)
                            slope[row, 1, column] = stored(along * y + ty / ra)
                            slope[row, 2, column] = stored(along * z + tz / ra)
