"""A model Hessian: springs between neighbours, the first guess of a quasi-Newton minimiser.

A bond b of length r and direction u has the stiffness

    K_b = k exp(-a (r / d - 1)) (u u^T + t 1),    d = 2^(1/6) (V / N)^(1/3),

d the nearest-neighbour distance of a close packing of the cell's density. The springs know how a
bond changes with its two atoms and with the cell, so that they couple both and give strain and
displacements their proper scales, which a multiple of the identity cannot. Exponential decay as in
Packwood et al., J. Chem. Phys. 144, 164109 (2016); along the bonds as in Lindh et al., Chem. Phys.
Lett. 241, 423 (1995), and Mones, Ortner and Csanyi, Sci. Rep. 8, 13991 (2018).
"""

import math

import numpy as np
from numpy.typing import NDArray

from potstill.descriptors.pairs import half_pairs
from potstill.runtime.compiled import njit, parallel, prange

Floats = NDArray[np.float64]

# k, eV/A^2: of metals' nearest neighbours within a factor of two, which the minimiser corrects
STIFFNESS = 2.5
# a: Packwood's
DECAY = 3.0
# t: what a bond resists across its direction
ACROSS = 0.1
# in units of d: up to the second neighbours of a crystal
RANGE = 1.7
# in units of k, on the diagonal: translations cost nothing otherwise
FLOOR = 0.02


def inverse_hessians(positions: Floats, cell: Floats, *, relax_cell: bool) -> Floats:
    """Return the inverse model Hessians (F, n, n) of positions (F, N, 3) and cells (F, 3, 3), A.

    n = 3 N, the displacements, A^2/eV. With `relax_cell` n = 3 N + 9: the nine more are, row by
    row, the matrix A that takes positions x to x A and cells C to C A.
    """
    count, atoms = positions.shape[:2]
    size = 3 * atoms + (9 if relax_cell else 0)
    hessians = np.zeros((count, size, size))
    _assemble(np.ascontiguousarray(positions), np.ascontiguousarray(cell), relax_cell, hessians)
    diagonal = np.arange(size)
    hessians[:, diagonal, diagonal] += FLOOR * STIFFNESS
    return np.linalg.inv(hessians)


@parallel(cache=True, nogil=True, error_model="numpy")
def _assemble(positions: Floats, cells: Floats, relax_cell: bool, hessians: Floats) -> None:
    """Add the springs of each cell to its Hessian."""
    atoms = positions.shape[1]
    for f in prange(len(cells)):
        nearest = 2 ** (1 / 6) * (abs(np.linalg.det(cells[f])) / atoms) ** (1 / 3)
        index, vector, distance = half_pairs(positions[f], cells[f], RANGE * nearest)
        for p in range(len(distance)):
            unit = vector[p] / distance[p]
            k = STIFFNESS * math.exp(-DECAY * (distance[p] / nearest - 1))
            block = k * (np.outer(unit, unit) + ACROSS * np.eye(3))
            _add_spring(hessians[f], index[p, 0], index[p, 1], vector[p], block, relax_cell)


@njit(cache=True, nogil=True, error_model="numpy")
def _add_spring(h: Floats, i: int, j: int, vector: Floats, block: Floats, relax_cell: bool) -> None:
    """Add one bond's stiffness (3, 3), for its change x_j - x_i + vector A."""
    last = h.shape[0] - 9  # the first of A, if it is there
    for c in range(3):
        for d in range(3):
            k = block[c, d]
            h[3 * i + c, 3 * i + d] += k
            h[3 * j + c, 3 * j + d] += k
            h[3 * i + c, 3 * j + d] -= k
            h[3 * j + c, 3 * i + d] -= k
            if not relax_cell:
                continue
            for a in range(3):
                k_a, column = k * vector[a], last + 3 * a + d
                h[3 * j + c, column] += k_a
                h[3 * i + c, column] -= k_a
                h[column, 3 * j + c] += k_a
                h[column, 3 * i + c] -= k_a
                for b in range(3):
                    h[last + 3 * b + c, column] += k_a * vector[b]
