"""A model Hessian: springs between neighbours, the first guess of a quasi-Newton minimiser.

A bond b of length r and direction u between the atoms i and j has the stiffness

    K_b = k exp(-a (r / d - 1)) (u u^T + t 1),    d = s (c_i + c_j),

d the distance at which two such atoms touch: the sum of their covalent radii c, times what makes
the atoms of a periodic cell a close packing of its density, d = 2^(1/6) (V / N)^(1/3) for one
element. A cell that is open somewhere has no density, and s is 1. The springs know how a bond
changes with its two atoms and with the cell, so that they couple both and give strain and
displacements their proper scales, which a multiple of the identity cannot. Exponential decay as in
Packwood et al., J. Chem. Phys. 144, 164109 (2016); along the bonds as in Lindh et al., Chem. Phys.
Lett. 241, 423 (1995), and Mones, Ortner and Csanyi, Sci. Rep. 8, 13991 (2018).
"""

import math

import numpy as np
from ase.data import covalent_radii

from potstill.data.geometry import enclosed
from potstill.data.structures import Floats, Mask, Structures
from potstill.descriptors.pairs import half_pairs
from potstill.runtime.compiled import njit, parallel, prange

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


def inverse_hessians(structures: Structures, planes: Floats | None = None) -> Floats:
    """Return the inverse model Hessians (F, n, n) of structures of N atoms each.

    n = 3 N, the displacements, A^2/eV. With planes (F, 3, 3), see `coordinates.periodic_planes`,
    n = 3 N + 9: the nine more are, row by row, the matrix A that takes positions x to x A and cells
    C to C A, which is the identity but in the planes.
    """
    count, atoms = len(structures), structures.atoms
    size = 3 * atoms + (0 if planes is None else 9)
    hessians = np.zeros((count, size, size))
    radii = structures.dense(covalent_radii[structures.species])
    mean = np.cbrt((radii**3).mean(axis=1))
    # exactly 1 where there is one element
    relative = np.where(np.ptp(radii, axis=1)[:, None] > 0, radii / mean[:, None], 1.0)
    touching = np.where(structures.pbc.all(axis=1), 0.0, 2 * mean)
    _assemble(
        structures.dense(structures.positions),
        enclosed(structures, RANGE * 2 * radii.max()),
        relative,
        touching,
        planes is not None,
        hessians,
    )
    diagonal = np.arange(size)
    hessians[:, diagonal, diagonal] += FLOOR * STIFFNESS
    if planes is not None:
        _hold(hessians[:, -9:], hessians[:, :, -9:], planes, structures.pbc)
    return np.asarray(np.linalg.inv(hessians))


def _hold(rows: Floats, columns: Floats, planes: Floats, pbc: Mask) -> None:
    """Uncouple strains out of the planes, in place: views (F, 9, n) and (F, n, 9) of Hessians."""
    for f in np.flatnonzero(~pbc.all(axis=1)):
        within = np.kron(planes[f], planes[f])
        columns[f] = columns[f] @ within
        rows[f] = within @ rows[f]
        rows[f, :, -9:] += np.eye(9) - within


@parallel(cache=True, nogil=True, error_model="numpy")
def _assemble(
    positions: Floats,
    cells: Floats,
    relative: Floats,
    touching: Floats,
    relax_cell: bool,
    hessians: Floats,
) -> None:
    """Add the springs of each cell to its Hessian.

    relative (F, N): radii over the cell's mean one; touching (F,): the mean distance d, A, 0 where
    the density tells it.
    """
    atoms = positions.shape[1]
    for f in prange(len(cells)):
        mean = touching[f]
        if mean == 0:
            mean = 2 ** (1 / 6) * (abs(np.linalg.det(cells[f])) / atoms) ** (1 / 3)
        reach = RANGE * mean * relative[f].max()
        index, vector, distance = half_pairs(positions[f], cells[f], reach)
        for p in range(len(distance)):
            i, j = index[p, 0], index[p, 1]
            nearest = mean * (relative[f, i] + relative[f, j]) / 2
            if distance[p] > RANGE * nearest:
                continue
            unit = vector[p] / distance[p]
            k = STIFFNESS * math.exp(-DECAY * (distance[p] / nearest - 1))
            block = k * (np.outer(unit, unit) + ACROSS * np.eye(3))
            _add_spring(hessians[f], i, j, vector[p], block, relax_cell)


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
