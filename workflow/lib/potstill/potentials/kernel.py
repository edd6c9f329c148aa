"""EAM energy and forces over a half neighbour list, compiled.

Tables are cubic in the squared distance s = r^2, so that no square root is taken, and a row holds
density and pair coefficients side by side in one 64-byte cache line:

    rho(s) = ((t3 u + t2) u + t1) u + t0,   phi(s) = ((t7 u + t6) u + t5) u + t4,

u in [0, 1) within the row. Forces are the exact derivatives of these, so energy is conserved.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from potstill.potentials.neighbours import Floats, Indices


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

    vector: (P, 4) displacement, A, with d(rho)/ds in the fourth place; slope: (P,) d(phi)/ds, then
    the pair's force over its displacement; first, second: (P,) atoms; density, tension: (N,).
    """

    vector: Floats
    slope: Floats
    first: Indices
    second: Indices
    density: Floats
    tension: Floats


@njit(cache=True)
def make_work(atoms: int, pairs: int) -> Work:
    """Return scratch space for `atoms` atoms and at most `pairs` listed pairs."""
    return Work(
        np.zeros((pairs, 4)),
        np.zeros(pairs),
        np.zeros(pairs, dtype=np.uint32),
        np.zeros(pairs, dtype=np.uint32),
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
    vector, slope, first, second, density, tension = work
    atoms = atomic.shape[0]
    last_row = np.uint32(pair.shape[0] - 1)
    for i in range(atoms):
        density[i] = 0.0
        atomic[i] = 0.0
        forces[i, 0] = forces[i, 1] = forces[i, 2] = 0.0
    count = np.uint32(0)
    for i in range(np.uint32(atoms)):
        x0, x1, x2 = x[i, 0], x[i, 1], x[i, 2]
        own_density = 0.0
        own_energy = 0.0
        for p in range(start[i], start[i + np.uint32(1)]):
            j = partner[p]
            k = image[p]
            d0 = x[j, 0] + shifts[k, 0] - x0
            d1 = x[j, 1] + shifts[k, 1] - x1
            d2 = x[j, 2] + shifts[k, 2] - x2
            s = d0 * d0 + d1 * d1 + d2 * d2
            if s >= s_cut:
                continue
            t = (s - s_low) * s_scale
            if t < 0.0:  # closer than the table starts: straight on with its first slope
                rho = pair[0, 0] + pair[0, 1] * t
                rho_slope = pair[0, 1]
                phi = pair[0, 4] + pair[0, 5] * t
                phi_slope = pair[0, 5]
            else:
                row = min(np.uint32(t), last_row)
                u = t - row
                rho = ((pair[row, 3] * u + pair[row, 2]) * u + pair[row, 1]) * u + pair[row, 0]
                rho_slope = (3.0 * pair[row, 3] * u + 2.0 * pair[row, 2]) * u + pair[row, 1]
                phi = ((pair[row, 7] * u + pair[row, 6]) * u + pair[row, 5]) * u + pair[row, 4]
                phi_slope = (3.0 * pair[row, 7] * u + 2.0 * pair[row, 6]) * u + pair[row, 5]
            own_density += rho
            density[j] += rho
            half = 0.5 * phi
            own_energy += half
            atomic[j] += half
            vector[count, 0] = d0
            vector[count, 1] = d1
            vector[count, 2] = d2
            vector[count, 3] = rho_slope
            slope[count] = phi_slope
            first[count] = i
            second[count] = j
            count += np.uint32(1)
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
    for p in range(count):
        i = first[p]
        j = second[p]
        f = twice * ((tension[i] + tension[j]) * vector[p, 3] + slope[p])
        slope[p] = f
        f0, f1, f2 = f * vector[p, 0], f * vector[p, 1], f * vector[p, 2]
        forces[i, 0] += f0
        forces[i, 1] += f1
        forces[i, 2] += f2
        forces[j, 0] -= f0
        forces[j, 1] -= f1
        forces[j, 2] -= f2
    return energy, int(count)


@njit(cache=True, nogil=True)
def strain_derivative(work: Work, count: int, out: NDArray[np.float64]) -> None:
    """Write dE/d(strain) (3, 3), eV, of the last `energy_forces` call, which returned `count`."""
    out[:] = 0.0
    for p in range(count):
        for a in range(3):
            for b in range(3):
                out[a, b] += work.slope[p] * work.vector[p, a] * work.vector[p, b]
