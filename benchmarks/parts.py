"""What the parts of one of potstill's steps cost, each timed by itself in a compiled loop."""

import time
from collections.abc import Callable

import numpy as np
from lammps_peer import Bias, State
from numba import njit

from potstill.potentials.eam import EamPotential
from potstill.potentials.eam_kernel import Tables, Work, energy_forces, make_work
from potstill.potentials.neighbours import HalfList, half_list, image_reach, image_shifts, wrap
from potstill.sampling.bias import Mesh, evaluate_bias
from potstill.sampling.engine import Floats, Integers, Physics
from potstill.sampling.order import order_and_gradient
from potstill.sampling.randoms import fill_normals

# Room in the neighbour list.
PAIRS_PER_ATOM = 250


@njit
def _kernel(
    times: int,
    x: Floats,
    shifts: Floats,
    pairs: HalfList,
    tables: Tables,
    work: Work,
    forces: Floats,
    atomic: Floats,
) -> None:
    for _ in range(times):
        energy_forces(x, shifts, pairs, tables, work, forces, atomic)


@njit
def _list(
    times: int,
    x: Floats,
    cell: Floats,
    inverse: Floats,
    cutoff: float,
    reach: tuple[int, int, int],
    pairs: HalfList,
) -> int:
    for _ in range(times):
        count = half_list(x, cell, inverse, cutoff, reach, pairs)
    return count


@njit
def _order(
    times: int,
    x: Floats,
    length: float,
    cells: int,
    vectors: Integers,
    waves: Floats,
    gradient: Floats,
) -> float:
    total = 0.0
    for _ in range(times):
        total += order_and_gradient(x, length, cells, vectors, waves, gradient)
    return total


@njit
def _noise(times: int, key: np.uint64, out: Floats) -> None:
    for n in range(times):
        fill_normals(key, np.uint64(n * len(out)), out)


@njit
def _bias(times: int, table: Floats, mesh: Mesh, h: float, o: float) -> float:
    total = 0.0
    for n in range(times):
        value, slope_h, slope_o = evaluate_bias(table, mesh, h + 1e-6 * n, o)
        total += value + slope_h + slope_o
    return total


def _microseconds(function: Callable[..., object], *arguments: object, times: int) -> float:
    """Return the least time of one call, out of five windows of `times`."""
    function(1, *arguments)
    windows = []
    for _ in range(5):
        began = time.process_time()
        function(times, *arguments)
        windows.append(time.process_time() - began)
    return min(windows) / times * 1e6


def time_parts(
    state: State, potential: EamPotential, physics: Physics, bias: Bias, times: int
) -> dict[str, float]:
    """Return the microseconds of one call of each part, at one configuration.

    energy_and_forces, noise, order_parameter and bias are once in a step; list_build is a build of
    the neighbour list.
    """
    atoms = len(state.x)
    cell, inverse = state.length * np.eye(3), np.eye(3) / state.length
    x = np.zeros((atoms, 4))
    x[:, :3] = state.x
    wrap(x, cell, inverse, atoms)
    listed = physics.cutoff + physics.skin
    reach = image_reach(inverse, listed)
    shifts = np.zeros(((2 * max(reach) + 1) ** 3, 4))
    image_shifts(cell, reach, shifts)
    capacity = PAIRS_PER_ATOM * atoms
    room = (atoms + 1, capacity, capacity)
    pairs = HalfList(*(np.zeros(size, dtype=np.uint32) for size in room))
    build = _microseconds(_list, x, cell, inverse, listed, reach, pairs, times=max(times // 20, 1))
    forces, gradient = np.zeros((atoms, 4)), np.zeros((atoms, 4))
    work, waves = make_work(atoms, capacity), np.zeros((atoms, 2 * len(physics.vectors)))
    kernel = (x, shifts, pairs, potential.dynamics_tables, work, forces, np.zeros(atoms))
    order = (x, state.length, physics.cells, physics.vectors, waves, gradient)
    normals = np.zeros(3 * atoms + (atoms & 1))
    middle = (bias.mesh.h_low + bias.mesh.h_high) / 2
    return {
        "energy_and_forces": _microseconds(_kernel, *kernel, times=times),
        "noise": _microseconds(_noise, np.uint64(1), normals, times=times),
        "order_parameter": _microseconds(_order, *order, times=times),
        "bias": _microseconds(_bias, bias.table, bias.mesh, middle, atoms / 3, times=times),
        "list_build": build,
    }
