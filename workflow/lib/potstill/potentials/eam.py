"""EAM labels (energy, atomic energies, forces, stress) for many frames of one element."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.data.frames import Frames, atomic_number
from potstill.data.geometry import SAME_SPOT_A, check_geometry, on_one_spot
from potstill.errors import PotstillError
from potstill.potentials.eam_kernel import Tables, energy_forces, make_work, strain_derivative
from potstill.potentials.neighbours import (
    Floats,
    HalfList,
    half_list,
    image_reach,
    image_shifts,
    wrap,
)
from potstill.potentials.setfl import Setfl, read_setfl
from potstill.runtime.compiled import njit, numba_threads, parallel, prange, renamed

# Closer than this the table's functions are continued with their slopes (a repulsive wall).
WALL_A = 1.2
# Rows of the pair table. Labels take a table finer than the published ones, whose pair functions
# have jumps of curvature that a coarse row smooths: forces then differ by up to 2e-3 eV/A there
# (energies by 1e-7 eV), which dynamics does not mind, and its table has to stay in the cache.
LABEL_ROWS, DYNAMICS_ROWS = 100_000, 4_000
# A density, or r*phi in eV A, that is as good as zero where a table's functions end.
LEAST_JUMP = 1e-6


Integers = NDArray[np.int64]


class Labels(NamedTuple):
    """energy (F,) eV; atomic_energies (F, N) eV; forces (F, N, 3) eV/A; stress (F, 3, 3) eV/A^3."""

    energy: Floats
    atomic_energies: Floats
    forces: Floats
    stress: Floats


def _hermite(left: Floats, right: Floats, slope_left: Floats, slope_right: Floats) -> Floats:
    """Return rows (n, 4) of the cubics on [0, 1] with these end values and slopes."""
    rise = right - left
    return np.stack(
        [
            left,
            slope_left,
            3 * rise - 2 * slope_left - slope_right,
            slope_left + slope_right - 2 * rise,
        ],
        axis=-1,
    )


def _spline(values: Floats) -> Floats:
    """Return the cubic rows (n - 1, 4) that LAMMPS puts through tabulated values.

    Slopes are five-point differences inside, two- and three-point ones at the ends (the scheme of
    its pair_style eam), so that energies agree with LAMMPS to rounding of the tables.
    """
    slope = np.empty_like(values)
    slope[0], slope[-1] = values[1] - values[0], values[-1] - values[-2]
    slope[1], slope[-2] = (values[2] - values[0]) / 2, (values[-1] - values[-3]) / 2
    slope[2:-2] = ((values[:-4] - values[4:]) + 8 * (values[3:-1] - values[1:-3])) / 12
    return _hermite(values[:-1], values[1:], slope[:-1], slope[1:])


def _evaluate(rows: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Return value and derivative, in units of the row, of cubic rows at t >= 0 (in rows)."""
    row = np.minimum(t.astype(int), len(rows) - 1)
    u = t - row
    a, b, c, d = rows[row].T
    return ((d * u + c) * u + b) * u + a, (3 * d * u + 2 * c) * u + b


def interaction_range(table: Setfl, symbol: str) -> float:
    """Return the distance (A) beyond which the element's density and pair function are zero.

    A table of several elements has one cut-off for all of them: that of Ni-Nb is 6.9 A for the sake
    of Nb, while all of Ni ends at 6.0 A. Nodes beyond the last are zero. PotstillError where the
    functions would jump to that.
    """
    index = table.elements.index(symbol)
    end = table.n_r * table.d_r
    last = max(abs(table.density[index, index, -1]), abs(table.pair[index, index, -1]))
    if table.cutoff_A > end * (1 + 1e-9) and last > LEAST_JUMP:
        raise PotstillError(
            f"the EAM table's functions of {symbol} end at {end:g} A, before its cut-off of "
            f"{table.cutoff_A:g} A, and are not zero there; correct the mesh or the cut-off"
        )
    zero = (table.density[index, index] == 0) & (table.pair[index, index] == 0)
    if zero.all():
        return table.cutoff_A
    # the slope of a spline at a node looks two nodes ahead
    last_node = table.n_r - 1 - int(np.argmin(zero[::-1]))
    return min(table.cutoff_A, (last_node + 3) * table.d_r, end * (1 + 1e-9))


def compile_tables(table: Setfl, symbol: str, rows: int) -> Tables:
    """Return the kernel's tables for one element of `table`; see `eam_kernel.Tables`."""
    index = table.elements.index(symbol)
    cutoff = interaction_range(table, symbol)
    s = np.linspace(WALL_A**2, cutoff**2, rows + 1)
    r = np.sqrt(s)
    with np.errstate(invalid="ignore"):  # files may give inf or NaN at distance 0
        rho, rho_r = _evaluate(_spline(table.density[index, index]), r / table.d_r)
        z2, z2_r = _evaluate(_spline(table.pair[index, index]), r / table.d_r)
    if not np.isfinite(rho + z2).all():
        raise PotstillError(
            f"the EAM table's functions of {symbol} are not finite at distance 0, and its mesh is "
            f"so coarse that this reaches {WALL_A} A; write finite values there"
        )
    phi = z2 / r
    step = s[1] - s[0]
    to_row = step / (2 * r)  # d/du of a row = ds * d/ds = ds / (2 r) * d/dr
    rho_u = rho_r / table.d_r * to_row
    phi_u = (z2_r / table.d_r - phi) / r * to_row
    functions = (rho, rho_u), (0.5 * phi, 0.5 * phi_u)
    pair = np.stack([_hermite(f[:-1], f[1:], g[:-1], g[1:]) for f, g in functions], axis=-1)
    return Tables(
        pair=pair.reshape(rows, 8),
        s_low=WALL_A**2,
        s_scale=1 / step,
        s_cut=cutoff**2,
        embedding=_spline(table.embedding[index]),
        rho_scale=1 / table.d_rho,
    )


class EamPotential:
    """An EAM potential of one element.

    symbol; mass_u: atomic mass, u; cutoff_A: the range of this element's functions; tables,
    dynamics_tables: the kernel's tables for labels and for molecular dynamics.
    """

    def __init__(self, table: Setfl, symbol: str) -> None:
        atomic_number(symbol)
        if symbol not in table.elements:
            raise PotstillError(
                f"the EAM table has no {symbol}, only {', '.join(table.elements)}; "
                f"name another table in elements.{symbol}.table"
            )
        index = table.elements.index(symbol)
        self.symbol = symbol
        self.mass_u = float(table.masses_u[index])
        self.cutoff_A = interaction_range(table, symbol)
        self.tables = compile_tables(table, symbol, LABEL_ROWS)
        self.dynamics_tables = compile_tables(table, symbol, DYNAMICS_ROWS)

    @classmethod
    def from_file(cls, path: str | Path, symbol: str) -> "EamPotential":
        """Read an eam/fs or eam/alloy file and take the functions of `symbol`."""
        return cls(read_setfl(path), symbol)

    def evaluate(self, positions: Floats, cell: Floats, *, threads: int = 1) -> Labels:
        """Return the labels of F frames: positions (F, N, 3) A, cell (F, 3, 3) A.

        Raises PotstillError, naming frame and atom, for no atoms, for what is not finite, for a
        cell without volume, and for two atoms on one spot, where there is no force. One thread
        starts no others, so that the process may fork.
        """
        positions = np.ascontiguousarray(positions, dtype=np.float64)
        cell = np.ascontiguousarray(cell, dtype=np.float64)
        check_geometry(positions, cell)
        frames, atoms = positions.shape[:2]
        labels = Labels(
            np.zeros(frames),
            np.zeros((frames, atoms)),
            np.zeros((frames, atoms, 3)),
            np.zeros((frames, 3, 3)),
        )
        same = np.full((frames, 2), -1)
        with numba_threads(threads) as granted:
            label = _label if granted > 1 else _label_serial
            label(positions, cell, self.cutoff_A, self.tables, *labels, same)
        if (same >= 0).any():
            frame = int(np.argmax(same[:, 0] >= 0))
            raise on_one_spot(f"frame {frame}", *same[frame])
        return labels


@njit(cache=True, nogil=True)
def _label_one(
    positions: Floats,
    cell: Floats,
    cutoff: float,
    tables: Tables,
    atomic: Floats,
    forces: Floats,
    stress: Floats,
    same: Integers,
) -> float:
    """Return one frame's energy (eV) and fill its atomic energies, forces and stress.

    same: (2,) gets two atoms that are on one spot, if any are.
    """
    atoms = positions.shape[0]
    volume = abs(np.linalg.det(cell))
    inverse = np.linalg.inv(cell)
    x = np.zeros((atoms, 4))
    x[:, :3] = positions
    wrap(x, cell, inverse, atoms)
    reach = image_reach(inverse, cutoff)
    shifts = np.zeros(((2 * reach[0] + 1) * (2 * reach[1] + 1) * (2 * reach[2] + 1), 4))
    image_shifts(cell, reach, shifts)
    start = np.zeros(atoms + 1, dtype=np.uint32)
    # twice the pairs of a uniform density, doubled until the list fits
    capacity = int(4.2 * cutoff**3 * atoms / volume * atoms) + 64
    while True:
        partner = np.zeros(capacity, dtype=np.uint32)
        image = np.zeros(capacity, dtype=np.uint32)
        listed = HalfList(start, partner, image)
        pairs = half_list(x, cell, inverse, cutoff, reach, listed)
        if pairs >= 0:
            break
        capacity = 2 * capacity
    work = make_work(atoms, pairs)
    padded = np.zeros((atoms, 4))
    energy, count = energy_forces(x, shifts, listed, tables, work, padded, atomic)
    forces[:] = padded[:, :3]
    strain_derivative(work, count, stress)
    stress /= volume
    i = 0
    for p in range(count):
        while p >= work.ends[i]:
            i += 1
        a, b, c = work.vector[p, 0], work.vector[p, 1], work.vector[p, 2]
        if a * a + b * b + c * c < SAME_SPOT_A**2:
            same[0], same[1] = i, work.second[p]
    return energy


def _label_frames(
    positions: Floats,
    cells: Floats,
    cutoff: float,
    tables: Tables,
    energy: Floats,
    atomic: Floats,
    forces: Floats,
    stress: Floats,
    same: Integers,
) -> None:
    # no tuple of labels, because numba loses what prange stores into a tuple's arrays
    for f in prange(len(energy)):
        energy[f] = _label_one(
            positions[f], cells[f], cutoff, tables, atomic[f], forces[f], stress[f], same[f]
        )


_label = parallel(cache=True, nogil=True)(_label_frames)
_label_serial = njit(cache=True, nogil=True)(renamed(_label_frames, "_label_serial"))


def label_frames(
    potential: EamPotential,
    positions: Floats,
    cell: Floats,
    *,
    columns: Mapping[str, NDArray[np.generic]] | None = None,
    attributes: Mapping[str, Any] | None = None,
    threads: int = 1,
) -> Frames:
    """Return labelled Frames of these geometries; see `EamPotential.evaluate` for the arrays."""
    labels = potential.evaluate(positions, cell, threads=threads)
    return Frames(
        symbol=potential.symbol,
        positions=positions,
        cell=cell,
        columns=dict(columns or {}),
        attributes=dict(attributes or {}),
        **labels._asdict(),
    )
