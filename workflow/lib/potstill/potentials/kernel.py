"""EAM energy and forces over a half neighbour list, compiled.

Tables are cubic in the squared distance s = r^2, so that no square root is taken, and a row holds
density and pair coefficients side by side in one 64-byte cache line:

    rho(s) = ((t3 u + t2) u + t1) u + t0,   phi(s) = ((t7 u + t6) u + t5) u + t4,

u in [0, 1) within the row. Forces are the exact derivatives of these, so energy is conserved.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.potentials.neighbours import Floats, Indices
from potstill.runtime.compiled import njit


class Tables(NamedTuple):
    """Compiled EAM functions of one element.

    pair: (K, 8) rows in s; s_low, s_scale: u = (s - s_low) * s_scale; s_cut: squared cut-off, A^2.
    embedding: (M, 4) cubic rows in the density; rho_scale: rows per unit of density.
    """

    pair: Floats
    s_low: float
    s_scale: float
    s_cut: float
    embedding: Floats
    rho_scale: float


class Work(NamedTuple):
    """Scratch space of one evaluation: in-range pairs, and densities by atom.

    vector: (P, 4) displacement, A, with s and then d(rho)/du in the fourth place; slope: (P,)
    d(phi)/du, then the pair's force over its displacement; second: (P,) the pair's other atom;
    ends: (N,) where the pairs of each atom end; density, tension (dF/d(rho)): (N,).
    """

    vector: Floats
    slope: Floats
    second: Indices
    ends: Indices
    density: Floats
    tension: Floats


@njit(cache=True)
def make_work(atoms: int, pairs: int) -> Work:
    """Return scratch space for `atoms` atoms and at most `pairs` listed pairs, and one spare."""
    pairs += 1  # the compaction writes each pair before it knows that it is in range
    return Work(
        np.zeros((pairs, 4)),
        np.zeros(pairs),
        np.zeros(pairs, dtype=np.uint32),
        np.zeros(atoms, dtype=np.uint32),
        np.zeros(atoms),
        np.zeros(atoms),
    )


@njit(cache=True, nogil=True, fastmath={"contract", "nsz", "arcp"}, error_model="numpy")
def energy_forces(
    x: Floats,
    shifts: Floats,
    start: Indices,
    partner: Indices,
    image: Indices,
    tables: Tables,
    work: Work,
    forces: Floats,
    atomic: Floats,
) -> tuple[float, int]:
    """Return the energy (eV) and the number of pairs in range; fill forces and atomic energies.

    x, forces: (N, 4) with the fourth column unused (aligned rows), A and eV/A; atomic: (N,) eV;
    shifts: (I, 4) A; start, partner, image: the half list. Daw and Baskes, Phys. Rev. B 29, 6443
    (1984), with F_i = -dE/dr_i.
    """
    pair, s_low, s_scale, s_cut, embedding, rho_scale = tables
    vector, slope, second, ends, density, tension = work
    atoms = atomic.shape[0]
    last_row = np.uint32(pair.shape[0] - 1)
    for i in range(atoms):
        density[i] = 0.0
        atomic[i] = 0.0
        forces[i, 0] = forces[i, 1] = forces[i, 2] = 0.0
    one, zero = np.uint32(1), np.uint32(0)  # indices stay unsigned: no wrap-around checks
    count = zero
    for i in range(np.uint32(atoms)):
        x0, x1, x2 = x[i, 0], x[i, 1], x[i, 2]
        begin = count
        for p in range(start[i], start[i + one]):  # compaction without a branch to mispredict
            j = partner[p]
            k = image[p]
            d0 = x[j, 0] + shifts[k, 0] - x0
            d1 = x[j, 1] + shifts[k, 1] - x1
            d2 = x[j, 2] + shifts[k, 2] - x2
            s = d0 * d0 + d1 * d1 + d2 * d2
            vector[count, 0] = d0
            vector[count, 1] = d1
            vector[count, 2] = d2
            vector[count, 3] = s
            second[count] = j
            count += one if s < s_cut else zero
        ends[i] = count
        own_density = 0.0
        own_energy = 0.0
        for p in range(begin, count):
            j = second[p]
            t = (vector[p, 3] - s_low) * s_scale
            if t < 0.0:  # closer than the table starts: straight on with its first slope
                rho = pair[0, 0] + pair[0, 1] * t
                vector[p, 3] = pair[0, 1]
                phi = pair[0, 4] + pair[0, 5] * t
                slope[p] = pair[0, 5]
            else:
                row = min(np.uint32(t), last_row)
                u = t - row
                a1, a2, a3 = pair[row, 1], pair[row, 2], pair[row, 3]
                b1, b2, b3 = pair[row, 5], pair[row, 6], pair[row, 7]
                rho = ((a3 * u + a2) * u + a1) * u + pair[row, 0]
                vector[p, 3] = (3.0 * a3 * u + 2.0 * a2) * u + a1
                phi = ((b3 * u + b2) * u + b1) * u + pair[row, 4]
                slope[p] = (3.0 * b3 * u + 2.0 * b2) * u + b1
            own_density += rho
            density[j] += rho
            half = 0.5 * phi
            own_energy += half
            atomic[j] += half
        density[i] += own_density
        atomic[i] += own_energy
    energy = 0.0
    last_rho = embedding.shape[0] - 1
    for i in range(atoms):
        t = density[i] * rho_scale
        knot = min(int(t), last_rho)
        u = t - knot
        e3, e2, e1 = embedding[knot, 3], embedding[knot, 2], embedding[knot, 1]
        if u <= 1.0:
            atomic[i] += ((e3 * u + e2) * u + e1) * u + embedding[knot, 0]
            tension[i] = ((3.0 * e3 * u + 2.0 * e2) * u + e1) * rho_scale
        else:  # denser than the table ends: straight on with its last slope
            end = 3.0 * e3 + 2.0 * e2 + e1
            atomic[i] += e3 + e2 + e1 + embedding[knot, 0] + end * (u - 1.0)
            tension[i] = end * rho_scale
        energy += atomic[i]
    twice = 2.0 * s_scale  # d/dr_i = 2 (r_i - r_j) d/ds
    begin = zero
    for i in range(np.uint32(atoms)):
        own_tension = tension[i]
        f0 = f1 = f2 = 0.0
        for p in range(begin, ends[i]):
            j = second[p]
            f = twice * ((own_tension + tension[j]) * vector[p, 3] + slope[p])
            slope[p] = f
            g0, g1, g2 = f * vector[p, 0], f * vector[p, 1], f * vector[p, 2]
            f0 += g0
            f1 += g1
            f2 += g2
            forces[j, 0] -= g0
            forces[j, 1] -= g1
            forces[j, 2] -= g2
        forces[i, 0] += f0
        forces[i, 1] += f1
        forces[i, 2] += f2
        begin = ends[i]
    return energy, int(count)


@njit(cache=True, nogil=True)
def strain_derivative(work: Work, count: int, out: NDArray[np.float64]) -> None:
    """Write dE/d(strain) (3, 3), eV, of the last `energy_forces` call, which returned `count`."""
    out[:] = 0.0
    for p in range(count):
        for a in range(3):
            for b in range(3):
                out[a, b] += work.slope[p] * work.vector[p, a] * work.vector[p, b]
