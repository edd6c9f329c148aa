"""EAM energy, forces and virial of several elements over a half neighbour list, compiled.

The file's own splines in the distance r are evaluated, those that LAMMPS puts through it. For atom
i of element a and j of element b, each pair once:

    rho_i += rho_ab(r),    rho_j += rho_ba(r),    E += phi_ab(r),    and E += F_a(rho_i)

Finnis-Sinclair densities are not symmetric: rho_ab is what an atom of b puts on one of a.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.potentials.neighbours import Floats, HalfList
from potstill.runtime.compiled import njit

Types = NDArray[np.int64]


class AlloyTables(NamedTuple):
    """Compiled EAM functions of T elements, whose types are 0 to T - 1.

    radial: (T, T, K, 8) cubic rows in r, of the density that an atom of the second type puts on one
    of the first, then of r*phi; r_scale: rows per A; s_wall: (T, T) squared distance below which
    functions go on straight in r^2, A^2; s_cut: (T, T) squared range, A^2. embedding: (T, M, 4)
    cubic rows in the density; rho_scale: rows per unit of density.
    """

    radial: Floats
    r_scale: float
    s_wall: Floats
    s_cut: Floats
    embedding: Floats
    rho_scale: float


@njit(cache=True, nogil=True, error_model="numpy")
def _cubic(radial: Floats, a: int, b: int, t: float, first: int) -> tuple[float, float]:
    """Return a function of two types at t (in rows) and its derivative by t.

    first: the column of its first coefficient.
    """
    row = min(int(t), radial.shape[2] - 1)
    u = t - row
    c0, c1 = radial[a, b, row, first], radial[a, b, row, first + 1]
    c2, c3 = radial[a, b, row, first + 2], radial[a, b, row, first + 3]
    return ((c3 * u + c2) * u + c1) * u + c0, (3.0 * c3 * u + 2.0 * c2) * u + c1


@njit(cache=True, nogil=True, error_model="numpy")
def _pair_functions(
    tables: AlloyTables, a: int, b: int, s: float
) -> tuple[float, float, float, float, float, float]:
    """Return rho_ab, rho_ba and phi_ab at the squared distance s, then their derivatives by s."""
    within = max(s, tables.s_wall[a, b])
    r = math.sqrt(within)
    t = r * tables.r_scale
    by_s = tables.r_scale / (2.0 * r)  # d/ds = d/dt * dt/ds
    rho_ab, slope_ab = _cubic(tables.radial, a, b, t, 0)
    rho_ba, slope_ba = _cubic(tables.radial, b, a, t, 0)
    product, slope = _cubic(tables.radial, a, b, t, 4)  # r*phi
    phi = product / r
    slope_ab, slope_ba = slope_ab * by_s, slope_ba * by_s
    slope = slope * by_s / r - phi / (2.0 * within)
    # closer than the wall: straight on
    beyond = s - within
    return (
        rho_ab + slope_ab * beyond,
        rho_ba + slope_ba * beyond,
        phi + slope * beyond,
        slope_ab,
        slope_ba,
        slope,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _embedded(rows: Floats, t: float) -> tuple[float, float]:
    """Return an embedding function at the density t (in rows) and its derivative by t.

    Where the density is negative the first cubic goes on, as in LAMMPS; denser than the table ends
    it is straight on with its last slope.
    """
    row = min(max(int(t), 0), len(rows) - 1)
    u = t - row
    inside = min(u, 1.0)
    c0, c1, c2, c3 = rows[row, 0], rows[row, 1], rows[row, 2], rows[row, 3]
    slope = (3.0 * c3 * inside + 2.0 * c2) * inside + c1
    return ((c3 * inside + c2) * inside + c1) * inside + c0 + slope * (u - inside), slope


@njit(cache=True, nogil=True, error_model="numpy")
def alloy_energy_forces(
    x: Floats,
    types: Types,
    shifts: Floats,
    pairs: HalfList,
    tables: AlloyTables,
    forces: Floats,
    atomic: Floats,
    virial: Floats,
) -> float:
    """Return the energy (eV); fill forces, atomic energies and dE/d(strain).

    x: (N, >=3) A; types: (N,); shifts: (I, 4) A; pairs: every pair in range, and others; forces:
    (N, 3) eV/A; atomic: (N,) eV; virial: (3, 3) eV.
    """
    start, partner, image = pairs
    atoms = len(types)
    sums, derivative = np.zeros(atoms), np.zeros(atoms)
    d = np.empty(3)
    atomic[:], forces[:], virial[:] = 0.0, 0.0, 0.0
    for turn in range(2):  # densities and pair energies, then forces
        for i in range(atoms):
            a = types[i]
            for p in range(start[i], start[i + 1]):
                j = partner[p]
                b = types[j]
                s = 0.0
                for k in range(3):
                    d[k] = x[j, k] + shifts[image[p], k] - x[i, k]
                    s += d[k] * d[k]
                if s >= tables.s_cut[a, b]:
                    continue
                rho_ab, rho_ba, phi, slope_ab, slope_ba, slope = _pair_functions(tables, a, b, s)
                if turn == 0:
                    sums[i] += rho_ab
                    sums[j] += rho_ba
                    atomic[i] += 0.5 * phi
                    atomic[j] += 0.5 * phi
                    continue
                # twice, for d/dr_i = 2 (r_i - r_j) d/ds
                pull = 2.0 * (derivative[i] * slope_ab + derivative[j] * slope_ba + slope)
                for k in range(3):
                    forces[i, k] += pull * d[k]
                    forces[j, k] -= pull * d[k]
                    for m in range(3):
                        virial[k, m] += pull * d[k] * d[m]
        if turn == 0:
            for i in range(atoms):
                embedded, slope = _embedded(tables.embedding[types[i]], sums[i] * tables.rho_scale)
                atomic[i] += embedded
                derivative[i] = slope * tables.rho_scale
    return atomic.sum()
