"""EAM energy and forces over a half neighbour list, compiled.

Tables are cubic in the squared distance s = r^2, so that no square root is taken. A row is 64
bytes, with the coefficients of the density and of half the pair energy side by side:

    (rho, phi / 2)(s) = ((c3 u + c2) u + c1) u + c0,

u in [0, 1) within the row. Forces are the exact derivatives of these, so energy is conserved.
Vectors, and the two functions, are computed with as a whole (`runtime.lanes`).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.potentials.neighbours import Floats, HalfList, Indices
from potstill.runtime.compiled import njit
from potstill.runtime.lanes import load2, load4, splat2, splat4, store, sum3


class Tables(NamedTuple):
    """Compiled EAM functions of one element.

    pair: (K, 8) rows in s, c0 of both functions first; s_low, s_scale: u = (s - s_low) * s_scale;
    s_cut: squared cut-off, A^2. embedding: (M, 4) cubic rows in the density; rho_scale: rows per
    unit of density.
    """

    pair: Floats
    s_low: float
    s_scale: float
    s_cut: float
    embedding: Floats
    rho_scale: float


class Work(NamedTuple):
    """Scratch space of one evaluation: in-range pairs, and sums by atom.

    vector: (P, 4) displacement, A; pull: (P,) s, then the pair's force over its displacement;
    slope: (P, 2) d(rho, phi / 2)/du; second: (P,) the pair's other atom; ends: (N,) where the pairs
    of each atom end; sums: (N, 2) density and pair energy; derivative: (N,) of the embedding
    function, dF/d(rho).
    """

    vector: Floats
    pull: Floats
    slope: Floats
    second: Indices
    ends: Indices
    sums: Floats
    derivative: Floats


@njit(cache=True)
def make_work(atoms: int, pairs: int) -> Work:
    """Return scratch space for `atoms` atoms and at most `pairs` listed pairs, and one spare."""
    pairs += 1  # the compaction writes each pair before it knows that it is in range
    return Work(
        np.empty((pairs, 4)),
        np.empty(pairs),
        np.empty((pairs, 2)),
        np.empty(pairs, dtype=np.uint32),
        np.zeros(atoms, dtype=np.uint32),
        np.zeros((atoms, 2)),
        np.zeros(atoms),
    )


@njit(cache=True, nogil=True, fastmath={"contract", "nsz", "arcp"}, error_model="numpy")
def energy_forces(
    x: Floats,
    shifts: Floats,
    pairs: HalfList,
    tables: Tables,
    work: Work,
    forces: Floats,
    atomic: Floats,
) -> tuple[float, int]:
    """Return the energy (eV) and the number of pairs in range; fill forces and atomic energies.

    x, forces: (N, 4) with the fourth column unused, A and eV/A; atomic: (N,) eV; shifts: (I, 4) A;
    pairs: every pair in range, and others. Daw and Baskes, Phys. Rev. B 29, 6443 (1984), with
    F_i = -dE/dr_i.
    """
    start, partner, image = pairs
    pair, s_low, s_scale, s_cut, embedding, rho_scale = tables
    vector, pull, slope, second, ends, sums, derivative = work
    atoms = np.uint32(atomic.shape[0])
    last_row = np.uint32(pair.shape[0] - 1)
    one, zero = np.uint32(1), np.uint32(0)  # indices stay unsigned: no wrap-around checks
    nothing2, nothing4 = splat2(0.0), splat4(0.0)
    for i in range(atoms):
        store(sums, i, nothing2)
        store(forces, i, nothing4)
    count = zero
    for i in range(atoms):
        own_x = load4(x, i)
        begin = count
        for p in range(start[i], start[i + one]):  # compaction without a branch to mispredict
            j = partner[p]
            d = load4(x, j) + load4(shifts, image[p]) - own_x
            s = sum3(d * d)
            store(vector, count, d)
            pull[count] = s
            second[count] = j
            count += one if s < s_cut else zero
        ends[i] = count
        own = nothing2
        for p in range(begin, count):
            j = second[p]
            t = (pull[p] - s_low) * s_scale
            if t < 0.0:  # closer than the table starts: straight on with its first slope
                by_u = load2(pair, 0, 2)
                value = load2(pair, 0, 0) + by_u * splat2(t)
            else:
                row = min(np.uint32(t), last_row)
                u = splat2(t - row)
                cubic = load2(pair, row, 6)
                square = cubic * u + load2(pair, row, 4)
                linear = square * u + load2(pair, row, 2)
                by_u = (cubic * u + square) * u + linear  # the derivative, in Horner's scheme
                value = linear * u + load2(pair, row, 0)
            store(slope, p, by_u)
            own = own + value
            store(sums, j, load2(sums, j, 0) + value)
        store(sums, i, load2(sums, i, 0) + own)
    energy = 0.0
    last_rho = embedding.shape[0] - 1
    for i in range(atoms):
        t = sums[i, 0] * rho_scale
        knot = min(max(int(t), 0), last_rho)  # in bounds for NaN, too
        u = t - knot  # negative where the density is: the first cubic goes on, as in LAMMPS
        e3, e2, e1 = embedding[knot, 3], embedding[knot, 2], embedding[knot, 1]
        if u <= 1.0:
            embedded = ((e3 * u + e2) * u + e1) * u + embedding[knot, 0]
            derivative[i] = ((3.0 * e3 * u + 2.0 * e2) * u + e1) * rho_scale
        else:  # denser than the table ends: straight on with its last slope
            end = 3.0 * e3 + 2.0 * e2 + e1
            embedded = e3 + e2 + e1 + embedding[knot, 0] + end * (u - 1.0)
            derivative[i] = end * rho_scale
        atomic[i] = sums[i, 1] + embedded
        energy += atomic[i]
    twice = 2.0 * s_scale  # d/dr_i = 2 (r_i - r_j) d/ds
    begin = zero
    for i in range(atoms):
        own_derivative = derivative[i]
        own_force = nothing4
        for p in range(begin, ends[i]):
            j = second[p]
            f = twice * ((own_derivative + derivative[j]) * slope[p, 0] + 2.0 * slope[p, 1])
            pull[p] = f
            force = splat4(f) * load4(vector, p)
            own_force = own_force + force
            store(forces, j, load4(forces, j) - force)
        store(forces, i, load4(forces, i) + own_force)
        begin = ends[i]
    return energy, int(count)


@njit(cache=True, nogil=True)
def strain_derivative(work: Work, count: int, out: NDArray[np.float64]) -> None:
    """Write dE/d(strain) (3, 3), eV, of the last `energy_forces` call, which returned `count`."""
    out[:] = 0.0
    for p in range(count):
        for a in range(3):
            for b in range(3):
                out[a, b] += work.pull[p] * work.vector[p, a] * work.vector[p, b]
