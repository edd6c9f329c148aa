"""Compiled radial symmetry functions of one frame; see `symmetry_functions` for the equations."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.runtime.compiled import njit

Floats = NDArray[np.float64]
Array = NDArray[np.floating]
Indices = NDArray[np.int32]
# which of the elements, by their order, each atom is
Numbers = NDArray[np.int64]

# Sums may be taken in any order, so that the compiler's vectors can run over neighbours.
# Every function says whether they may: numba lets one that does not say so inherit it from the
# function for which it is compiled first, and then the last digits would depend on what was called
# first.
FAST = {"contract", "nsz", "arcp", "reassoc"}
# exp(-x) of more than this is not made of products of smaller powers, which may overflow.
LARGEST = 300.0
# Derivatives (1/A) smaller than this are stored as zero. No sum needs them, but in float32 a
# twentieth of the radial ones would be subnormal numbers, which some processors compute with in
# microcode: training took 1.7 to 3 times as long.
SMALLEST = 1e-25


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


@njit(cache=True, nogil=True, error_model="numpy", fastmath=False)
def cutoff_at(r: float, cutoff: float, smooth: bool) -> tuple[float, float]:
    """Return the cut-off function and its derivative (1/A) at r < cutoff."""
    if smooth:
        inside = max(1e-10, 1.0 - (r / cutoff) ** 2)
        value = math.exp(1.0 - 1.0 / inside)
        return value, -value * 2.0 * r / (cutoff * inside) ** 2
    angle = math.pi * r / cutoff
    return 0.5 * math.cos(angle) + 0.5, -0.5 * math.pi / cutoff * math.sin(angle)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=False)
def stored(slope: float) -> float:
    """Return a derivative (1/A) as it is stored: zero where it is smaller than `SMALLEST`."""
    return 0.0 if abs(slope) < SMALLEST else slope


@njit(cache=True, nogil=True, error_model="numpy", fastmath=False)
def gaussian_ratios(shifts: Floats, eta: float) -> Floats:
    """Return exp(-eta h^2 (2 j + 1)), (K,), for K evenly spaced shifts (A) a distance h apart.

    The ratios of neighbouring Gaussians that `_gaussians` needs; zeros where they are so narrow
    that it has to do without.
    """
    spacing = shifts[1] - shifts[0] if len(shifts) > 1 else 0.0
    result = np.zeros(len(shifts))
    if eta * spacing**2 < LARGEST:
        for j in range(len(shifts)):
            result[j] = math.exp(-eta * spacing**2 * (2 * j + 1))
    return result


@njit(cache=True, nogil=True, error_model="numpy", fastmath=False)
def _gaussians(r: float, shifts: Floats, eta: float, ratios: Floats, out: Floats) -> None:
    """Write exp(-eta (r - s_k)^2), (K,), of evenly spaced shifts s_k; ratios: of `gaussian_ratios`.

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


@njit(cache=True, nogil=True, error_model="numpy", fastmath=False)
def add_radial(
    index: Indices,
    distance: Floats,
    numbers: Numbers,
    functions: Functions,
    values: Floats,
    slope: Array,
    with_slope: bool,
) -> None:
    """Add the radial features of one frame, and write their slopes (P, R).

    A pair is in the block of functions of one atom that is the other's element's.
    """
    eta = functions.radial_eta
    ratios = gaussian_ratios(functions.radial_shifts, eta)
    terms = np.empty(len(ratios))
    count = np.uint64(len(terms))
    for p in range(len(distance)):
        r = distance[p]
        fc, fc_slope = cutoff_at(r, functions.radial_cutoff, functions.smooth)
        _gaussians(r, functions.radial_shifts, eta, ratios, terms)
        i, j = index[p, 0], index[p, 1]
        # rows first, and unsigned places in them: indices that may be negative would keep the
        # loops from being vectorised
        one, other = values[i], values[j]
        of_one, of_other = np.uint64(numbers[j]) * count, np.uint64(numbers[i]) * count
        for k in range(count):
            term = 0.25 * fc * terms[k]
            one[of_one + k] += term
            other[of_other + k] += term
        if with_slope:
            row = slope[p]
            for k in range(len(terms)):
                d = r - functions.radial_shifts[k]
                row[k] = stored(0.25 * terms[k] * (fc_slope - 2.0 * eta * d * fc))
