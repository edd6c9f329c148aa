"""The crystal order parameter and its gradient.

    O = 1/(N_g N) sum_g |sum_i exp(i g.r_i)|^2

over the shortest reciprocal vectors of the crystal that fills the cubic cell: g = (2 pi n / L) h
with n cells a side and h in {(1,1,1), ...} (FCC, 4 independent) or {(1,1,0), ...} (BCC, 6). O is N
in the perfect crystal and about 1 in the liquid. At fixed scaled coordinates it does not depend on
the volume, so a bias on it adds nothing to the pressure. (That of Jung et al. 2023.)
"""

import math

import numpy as np
from numpy.typing import NDArray

from potstill.runtime.compiled import njit
from potstill.sampling.elementary import cos_sin
from potstill.settings import ATOMS_PER_CELL

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Liquid, between, crystal: limits of O/N.
ORDER_LIMITS = (-np.inf, 0.1, 0.5, np.inf)

SHORTEST = {
    "fcc": ((1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1)),
    "bcc": ((1, 1, 0), (1, -1, 0), (1, 0, 1), (1, 0, -1), (0, 1, 1), (0, 1, -1)),
}


def cells_per_side(structure: str, atoms: int) -> int:
    """Return n for a cube of n^3 conventional cells with this number of atoms."""
    return round((atoms / ATOMS_PER_CELL[structure]) ** (1 / 3))


def order_vectors(structure: str) -> Integers:
    """Return the independent shortest reciprocal vectors h (G, 3) of `fcc` or `bcc`."""
    return np.array(SHORTEST[structure], dtype=np.int64)


@njit(cache=True, nogil=True, fastmath={"contract", "nsz", "arcp"})
def order_and_gradient(
    x: Floats, length: float, cells: int, vectors: Integers, waves: Floats, gradient: Floats
) -> float:
    """Return O and write its gradient (1/A) into `gradient` (N, 4).

    x: (N, 4) positions, A, the fourth column unused; length: edge of the cubic cell, A; cells: n;
    vectors: (G, 3) with components -1, 0 or 1; waves: (N, 2 G) scratch.
    """
    atoms, count = x.shape[0], vectors.shape[0]
    k = 2.0 * math.pi * cells / length
    sums = np.zeros(2 * count)
    # every g.r is a sum of +-k x, +-k y, +-k z: three sines and cosines serve all vectors
    flat = x.reshape(-1)
    cosines, sines = np.empty(len(flat)), np.empty(len(flat))
    for n in range(len(flat)):
        cosines[n], sines[n] = cos_sin(cells / length * flat[n])
    for i in range(atoms):
        cx, cy, cz = cosines[4 * i], cosines[4 * i + 1], cosines[4 * i + 2]
        sx, sy, sz = sines[4 * i], sines[4 * i + 1], sines[4 * i + 2]
        for g in range(count):
            hx, hy, hz = vectors[g, 0], vectors[g, 1], vectors[g, 2]
            real = cx if hx != 0 else 1.0
            imag = hx * sx
            c = cy if hy != 0 else 1.0
            s = hy * sy
            real, imag = real * c - imag * s, real * s + imag * c
            c = cz if hz != 0 else 1.0
            s = hz * sz
            real, imag = real * c - imag * s, real * s + imag * c
            waves[i, 2 * g] = real
            waves[i, 2 * g + 1] = imag
            sums[2 * g] += real
            sums[2 * g + 1] += imag
    scale = 1.0 / (count * atoms)
    order = 0.0
    for g in range(2 * count):
        order += sums[g] * sums[g]
    for i in range(atoms):
        gx = gy = gz = 0.0
        for g in range(count):
            t = sums[2 * g + 1] * waves[i, 2 * g] - sums[2 * g] * waves[i, 2 * g + 1]
            gx += t * vectors[g, 0]
            gy += t * vectors[g, 1]
            gz += t * vectors[g, 2]
        factor = 2.0 * scale * k
        gradient[i, 0] = factor * gx
        gradient[i, 1] = factor * gy
        gradient[i, 2] = factor * gz
    return order * scale
