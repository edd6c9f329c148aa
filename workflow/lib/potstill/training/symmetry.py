"""Compiled symmetry functions of one frame; see `descriptors` for the equations."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Array = NDArray[np.floating]
Indices = NDArray[np.int32]

# Sums may be taken in any order, so that the compiler's vectors can run over neighbours.
FAST = {"contract", "nsz", "arcp", "reassoc"}
# exp(-x) of more than this is not made of products of smaller powers, which may overflow.
_LARGEST = 300.0


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
def _cutoff(r: float, cutoff: float, smooth: bool) -> tuple[float, float]:
    """Return the cut-off function and its derivative (1/A) at r < cutoff."""
    if smooth:
        inside = max(1e-10, 1.0 - (r / cutoff) ** 2)
        value = math.exp(1.0 - 1.0 / inside)
        return value, -value * 2.0 * r / (cutoff * inside) ** 2
    angle = math.pi * r / cutoff
    return 0.5 * math.cos(angle) + 0.5, -0.5 * math.pi / cutoff * math.sin(angle)


@njit(cache=True, nogil=True, error_model="numpy")
def _ratios(shifts: Floats, eta: float) -> Floats:
    """Return exp(-eta h^2 (2 j + 1)), (K,), for K evenly spaced shifts (A) a distance h apart.

    The ratios of neighbouring Gaussians that `_gaussians` needs; zeros where they are so narrow
    that it has to do without.
    """
    spacing = shifts[1] - shifts[0] if len(shifts) > 1 else 0.0
    result = np.zeros(len(shifts))
    if eta * spacing**2 < _LARGEST:
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
def add_radial(
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
def _mean_gaussians(
    mean: Floats, growth: Floats, functions: Functions, ratios: Floats, out: Floats
) -> None:
    """Write exp(-eta (m - s_k)^2), (K, B), of the means m (B,) of two distances, A.

    growth (B,): exp(2 eta h (m - s_0)), with the shifts h apart, from one factor of each distance;
    so one exponential does for all shifts: neighbouring terms differ by growth and by `_ratios`.
    """
    shifts, eta = functions.angular_shifts, functions.angular_eta
    if eta * (functions.angular_cutoff - shifts[0]) ** 2 > _LARGEST:
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
    cosine: Floats, functions: Functions, sine: Floats, angular: Floats, turn: Floats, base: Floats
) -> None:
    """Write the angular factors (S B,) of angles (B,), and their derivatives by the cosine.

    sine (B,) and base (S B,) are scratch. Powers are by squaring: pow is slow.
    """
    count, zeta = len(cosine), functions.zeta
    for b in range(count):
        sine[b] = math.sqrt(1.0 - (0.95 * cosine[b]) ** 2)
    for b in range(count):
        base[b] = 0.95 * cosine[b] / sine[b]
    for l in range(len(functions.section_cos)):  # noqa: E741
        cos, sin = functions.section_cos[l], functions.section_sin[l]
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
            turn[p] *= power
        return
    base[:size] = angular[:size]
    whole -= 1
    while whole:
        if whole & 1:
            for p in range(size):
                angular[p] *= base[p]
            for p in range(size):
                turn[p] *= base[p]
        for p in range(size):
            base[p] *= base[p]
        whole >>= 1


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def add_angular(
    start: NDArray[np.int64],
    vector: Floats,
    functions: Functions,
    values: Floats,
    slope: Array,
    with_slope: bool,
) -> None:
    """Add the angular features of one frame, and write their derivatives to slope (Q, 3, K).

    All partners b of a centre and one neighbour a are done at once: the later ones for the values,
    and for derivatives all others, since then everything is a sum over b.
    """
    eta, shifts = functions.angular_eta, functions.angular_shifts
    first, sections = len(functions.radial_shifts), len(functions.section_cos)
    spacing = shifts[1] - shifts[0] if len(shifts) > 1 else 0.0
    ratios = _ratios(shifts, eta)
    most = np.max(start[1:] - start[:-1])
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
    for i in range(len(start) - 1):
        count = start[i + 1] - start[i]
        for q in range(count):
            v = vector[start[i] + q]
            r[q] = math.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2)
            fc[q], fc_slope[q] = _cutoff(r[q], functions.angular_cutoff, functions.smooth)
            grow[q] = math.exp(eta * spacing * (r[q] - shifts[0]))
            for d in range(3):
                unit[d, q] = v[d] / r[q]
        for a in range(count):
            x, y, z, ra, fa, fa_slope = unit[0, a], unit[1, a], unit[2, a], r[a], fc[a], fc_slope[a]
            begin = 0 if with_slope else a + 1
            ux, uy, uz = unit[0, begin:count], unit[1, begin:count], unit[2, begin:count]
            rb, fb, growth_b = r[begin:count], fc[begin:count], grow[begin:count]
            width = count - begin
            cosine, mean = cosines[:width], means[:width]
            for b in range(width):
                cosine[b] = x * ux[b] + y * uy[b] + z * uz[b]
            for b in range(width):
                mean[b] = 0.5 * (ra + rb[b])
                growth[b] = grow[a] * growth_b[b]
            _mean_gaussians(mean, growth, functions, ratios, gauss)
            _sections(cosine, functions, sine, angular, turn, spare)
            for k in range(len(shifts)):
                for b in range(width):
                    weight[b] = 2.0 * gauss[k, b] * fa * fb[b]
                if not with_slope:
                    for l in range(sections):  # noqa: E741
                        total = 0.0
                        for b in range(width):
                            total += weight[b] * angular[l * width + b]
                        values[i, first + k * sections + l] += total
                    continue
                # by r_a: through its own cut-off, and through the mean
                for b in range(width):
                    by_a[b] = (
                        2.0 * gauss[k, b] * fb[b] * (fa_slope - eta * (mean[b] - shifts[k]) * fa)
                    )
                weight[a] = 0.0
                by_a[a] = 0.0
                for l in range(sections):  # noqa: E741
                    total = along = back = tx = ty = tz = 0.0
                    for b in range(width):
                        total += weight[b] * angular[l * width + b]
                        along += by_a[b] * angular[l * width + b]
                        across = weight[b] * turn[l * width + b]
                        back += across * cosine[b]
                        tx += across * ux[b]
                        ty += across * uy[b]
                        tz += across * uz[b]
                    kl = k * sections + l
                    values[i, first + kl] += 0.5 * total  # each pair of neighbours comes twice
                    along -= back / ra
                    slope[start[i] + a, 0, kl] = along * x + tx / ra
                    slope[start[i] + a, 1, kl] = along * y + ty / ra
                    slope[start[i] + a, 2, kl] = along * z + tz / ra
