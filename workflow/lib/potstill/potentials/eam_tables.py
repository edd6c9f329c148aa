"""The kernels' tables of an EAM file: splines, the range of functions, and how they go on."""

import numpy as np
from ase.data import covalent_radii

from potstill.data.structures import atomic_number
from potstill.errors import PotstillError
from potstill.potentials.alloy_kernel import AlloyTables
from potstill.potentials.eam_kernel import Tables
from potstill.potentials.neighbours import Floats
from potstill.potentials.setfl import Setfl

# Closer than this the table's functions are continued with their slopes (a repulsive wall), and
# closer than this share of two covalent radii, where that is less: bonds of hydrogen are short.
WALL_A, WALL_SHARE = 1.2, 0.65
# Rows of the pair table. Labels take a table finer than the published ones, whose pair functions
# have jumps of curvature that a coarse row smooths: forces then differ by up to 2e-3 eV/A there
# (energies by 1e-7 eV), which dynamics does not mind, and its table has to stay in the cache.
LABEL_ROWS, DYNAMICS_ROWS = 100_000, 4_000
# A density, or r*phi in eV A, that is as good as zero where a table's functions end.
LEAST_JUMP = 1e-6


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


def _functions(table: Setfl, one: str, other: str) -> Floats:
    """Return the functions of a pair of elements (3, n_r): both densities and the pair function."""
    a, b = table.elements.index(one), table.elements.index(other)
    return np.stack([table.density[a, b], table.density[b, a], table.pair[a, b]])


def _named(one: str, other: str) -> str:
    return one if one == other else f"{one}-{other}"


def wall_A(one: str, other: str) -> float:
    """Return the distance (A) of two elements below which their functions go on straight in r^2."""
    radii = [float(covalent_radii[atomic_number(symbol)]) for symbol in (one, other)]
    return min(WALL_A, WALL_SHARE * sum(radii))


def interaction_range(table: Setfl, one: str, other: str) -> float:
    """Return the distance (A) beyond which two elements' densities and pair function are zero.

    A table of several elements has one cut-off for all of them: that of Ni-Nb is 6.9 A for the sake
    of Nb, while all of Ni ends at 6.0 A. Nodes beyond the last are zero. PotstillError where the
    functions would jump to that.
    """
    functions = _functions(table, one, other)
    end = table.n_r * table.d_r
    if table.cutoff_A > end * (1 + 1e-9) and np.abs(functions[:, -1]).max() > LEAST_JUMP:
        raise PotstillError(
            f"the EAM table's functions of {_named(one, other)} end at {end:g} A, before its "
            f"cut-off of {table.cutoff_A:g} A, and are not zero there; correct the mesh or the "
            "cut-off"
        )
    zero = (functions == 0).all(axis=0)
    if zero.all():
        return table.cutoff_A
    # the slope of a spline at a node looks two nodes ahead
    last_node = table.n_r - 1 - int(np.argmin(zero[::-1]))
    return min(table.cutoff_A, (last_node + 3) * table.d_r, end * (1 + 1e-9))


def _not_finite(one: str, other: str) -> PotstillError:
    return PotstillError(
        f"the EAM table's functions of {_named(one, other)} are not finite at distance 0, and its "
        f"mesh is so coarse that this reaches {wall_A(one, other):g} A; write finite values there"
    )


def compile_tables(table: Setfl, symbol: str, rows: int) -> Tables:
    """Return the kernel's tables for one element of `table`; see `eam_kernel.Tables`."""
    index = table.elements.index(symbol)
    cutoff, wall = interaction_range(table, symbol, symbol), wall_A(symbol, symbol)
    s = np.linspace(wall**2, cutoff**2, rows + 1)
    r = np.sqrt(s)
    with np.errstate(invalid="ignore"):  # files may give inf or NaN at distance 0
        rho, rho_r = _evaluate(_spline(table.density[index, index]), r / table.d_r)
        z2, z2_r = _evaluate(_spline(table.pair[index, index]), r / table.d_r)
    if not np.isfinite(rho + z2).all():
        raise _not_finite(symbol, symbol)
    phi = z2 / r
    step = s[1] - s[0]
    to_row = step / (2 * r)  # d/du of a row = ds * d/ds = ds / (2 r) * d/dr
    rho_u = rho_r / table.d_r * to_row
    phi_u = (z2_r / table.d_r - phi) / r * to_row
    functions = (rho, rho_u), (0.5 * phi, 0.5 * phi_u)
    pair = np.stack([_hermite(f[:-1], f[1:], g[:-1], g[1:]) for f, g in functions], axis=-1)
    return Tables(
        pair=pair.reshape(rows, 8),
        s_low=wall**2,
        s_scale=1 / step,
        s_cut=cutoff**2,
        embedding=_spline(table.embedding[index]),
        rho_scale=1 / table.d_rho,
    )


def compile_alloy(table: Setfl, symbols: tuple[str, ...]) -> AlloyTables:
    """Return the kernel's tables for several elements of `table`; see `AlloyTables`."""
    count = len(symbols)
    radial = np.empty((count, count, table.n_r - 1, 8))
    cutoffs, walls = np.empty((count, count)), np.empty((count, count))
    for a, one in enumerate(symbols):
        for b, other in enumerate(symbols):
            cutoffs[a, b], walls[a, b] = interaction_range(table, one, other), wall_A(one, other)
            density, _, pair = _functions(table, one, other)
            with np.errstate(invalid="ignore"):  # files may give inf or NaN at distance 0
                radial[a, b, :, :4], radial[a, b, :, 4:] = _spline(density), _spline(pair)
            first = min(int(walls[a, b] / table.d_r), table.n_r - 2)  # the first row that is used
            if not np.isfinite(radial[a, b, first:]).all():
                raise _not_finite(one, other)
    places = [table.elements.index(symbol) for symbol in symbols]
    return AlloyTables(
        radial=radial,
        r_scale=1 / table.d_r,
        s_wall=walls**2,
        s_cut=cutoffs**2,
        embedding=np.stack([_spline(table.embedding[place]) for place in places]),
        rho_scale=1 / table.d_rho,
    )
