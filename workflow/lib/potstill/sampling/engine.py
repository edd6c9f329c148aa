"""Biased isobaric molecular dynamics of several walkers, compiled.

Each walker samples the weight V^N exp{-b0 [H + dH(H, O)]}, H = U + P V, b0 = 1/(kB T0), in a cell
of fixed shape, a cube or a square prism: BAOAB Langevin steps (Leimkuhler and Matthews, 2013) with
the force gamma F_i - d(dH)/dO grad_i O, gamma = 1 + d(dH)/dH, and Monte-Carlo volume moves uniform
in ln V, accepted with min(1, exp{-b0 D(H + dH) + (N + 1) D ln V}), which are exact for any bias. A
conventional NPT run is the same with a bias table of zeros and flat tails.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.potentials.eam_kernel import Tables, energy_forces
from potstill.potentials.neighbours import HalfList
from potstill.runtime.compiled import njit, parallel, prange
from potstill.runtime.lanes import Lanes, load4, splat4, store, sum3
from potstill.sampling.bias import Mesh, evaluate_bias
from potstill.sampling.lists import Scratch, covers, make_scratch, update_lists
from potstill.sampling.order import order_and_gradient
from potstill.sampling.randoms import fill_normals, uniform
from potstill.sampling.start_check import check_walkers

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
# What moves walkers: `advance`, or a function of another engine that takes and returns the same.
Advance = Callable[..., Floats]

# How far the outer Verlet list reaches beyond the inner one, A.
OUTER_SKIN_A = 2.0


class Physics(NamedTuple):
    """What is the same for all walkers and all steps. Units: eV, A, u; time in A sqrt(u/eV).

    kT: kB T0; pressure eV/A^3; mass u; timestep; damping: exp(-friction dt); volume_interval,
    volume_step: see settings; cells, vectors: of the order parameter; cutoff, skin: A; aspect: edge
    of the cell along z over the others.
    """

    kT: float
    pressure: float
    mass: float
    timestep: float
    damping: float
    volume_interval: int
    volume_step: float
    cells: int
    vectors: Integers
    cutoff: float
    skin: float
    aspect: float = 1.0


class Walkers(NamedTuple):
    """The state of W walkers of N atoms.

    x, v: (W, N, 4) positions (A) and velocities (A per time unit; see Physics), fourth column
    unused; length: (W,) cell edge along x and y, A; key: (W,) random keys; moves: (W, 2) volume
    moves tried and accepted; kinetic: (W, 2) sum over steps of the kinetic temperature over T0, and
    their number.
    """

    x: Floats
    v: Floats
    length: Floats
    key: NDArray[np.uint64]
    moves: Integers
    kinetic: Floats


class Segment(NamedTuple):
    """What is run at a time: `steps` after step number `first`, a point every `interval`."""

    first: int
    steps: int
    interval: int


@njit(cache=True, nogil=True)
def _energy(x: Floats, shifts: Floats, s: Scratch, force: Floats) -> float:
    pairs = HalfList(s.inner.start, s.inner.partner, s.inner.image)
    energy, _ = energy_forces(x, shifts, pairs, s.tables, s.work, force, s.atomic)
    return energy


@njit(cache=True, nogil=True)
def _work(length: float, physics: Physics) -> float:
    """Return P V, eV."""
    return physics.pressure * physics.aspect * length**3


@njit(cache=True, nogil=True)
def _order(x: Floats, length: float, physics: Physics, s: Scratch, gradient: Floats) -> float:
    return order_and_gradient(x, length, physics.cells, physics.vectors, s.waves, gradient)


@njit(cache=True, nogil=True)
def _scale(factor: Lanes, vectors: Floats, scaled: Floats) -> None:
    for n in range(np.uint32(len(vectors))):
        store(scaled, n, factor * load4(vectors, n))


@njit(cache=True, nogil=True)
def _try_volume(
    x: Floats, length: float, scale: float, physics: Physics, s: Scratch
) -> tuple[bool, float]:
    """Put the scaled cell into the trial buffers; return (list had room, energy in eV)."""
    factor = splat4(scale)
    _scale(factor, x, s.trial_x)
    inner = physics.cutoff + physics.skin
    if not covers(s.inner, inner, s.trial_x, scale * length, physics.cutoff):
        if not update_lists(x, length, inner, inner + OUTER_SKIN_A, s):
            return False, 0.0
        _scale(factor, x, s.trial_x)  # again: that may have wrapped the atoms
    _scale(factor, s.shifts, s.trial_shifts)
    return True, _energy(s.trial_x, s.trial_shifts, s, s.trial_force)


@njit(cache=True, nogil=True, fastmath={"contract", "nsz", "arcp"}, error_model="numpy")
def _advance(
    walkers: Walkers,
    w: int,
    segment: Segment,
    physics: Physics,
    tables: Tables,
    table: Floats,
    mesh: Mesh,
    points: Floats,
) -> float:
    """Advance walker w by a segment, and fill its points; return its new cell edge, A.

    Returns -1 when the run has failed (the energy is not finite or the cell has collapsed).
    """
    x, v, length, key = walkers.x[w], walkers.v[w], walkers.length[w], walkers.key[w]
    moves, kinetic = walkers.moves[w], walkers.kinetic[w]
    first, steps, interval = segment
    atoms, three = np.uint32(x.shape[0]), np.uint32(3)
    s = make_scratch(atoms, physics.vectors.shape[0], tables, physics.aspect)
    force = np.zeros((atoms, 4))
    gradient = np.zeros((atoms, 4))
    drawn = 3 * atoms + (atoms & 1)
    normals = np.zeros(drawn + 1)  # an atom's are read as four
    draws = np.uint64(drawn + 2)  # random numbers a step: the noise and a volume move's two
    half = 0.5 * physics.timestep
    kick = half / physics.mass
    drift, damping = splat4(half), splat4(physics.damping)
    spread = np.full(4, math.sqrt((1.0 - physics.damping**2) * physics.kT / physics.mass))
    spread[3] = 0.0
    noise = load4(spread, 0)
    to_temperature = physics.mass / (3.0 * atoms * physics.kT)
    inner = physics.cutoff + physics.skin
    outer = inner + OUTER_SKIN_A

    if not update_lists(x, length, inner, outer, s):
        return -1.0
    energy = _energy(x, s.shifts, s, force)
    order = _order(x, length, physics, s, gradient)
    enthalpy = energy + _work(length, physics)
    bias, slope_h, slope_o = evaluate_bias(table, mesh, enthalpy, order)
    for step in range(first + 1, first + steps + 1):
        counter = np.uint64(step) * draws
        fill_normals(key, counter, normals[:drawn])
        by_force, by_order = splat4(kick * (1.0 + slope_h)), splat4(kick * slope_o)
        for i in range(atoms):
            speed = load4(v, i) + by_force * load4(force, i) - by_order * load4(gradient, i)
            place = load4(x, i) + drift * speed
            speed = damping * speed + noise * load4(normals, three * i)
            store(x, i, place + drift * speed)
            store(v, i, speed)
        if not covers(s.inner, inner, x, length, physics.cutoff) and not update_lists(
            x, length, inner, outer, s
        ):
            return -1.0
        energy = _energy(x, s.shifts, s, force)
        order = _order(x, length, physics, s, gradient)
        enthalpy = energy + _work(length, physics)
        bias, slope_h, slope_o = evaluate_bias(table, mesh, enthalpy, order)
        by_force, by_order = splat4(kick * (1.0 + slope_h)), splat4(kick * slope_o)
        squares = splat4(0.0)
        for i in range(atoms):
            speed = load4(v, i) + by_force * load4(force, i) - by_order * load4(gradient, i)
            store(v, i, speed)
            squares = squares + speed * speed
        temperature = sum3(squares) * to_temperature
        kinetic[0] += temperature
        kinetic[1] += 1.0

        if step % physics.volume_interval == 0:
            draw = uniform(key, counter + draws - np.uint64(2))
            change = physics.volume_step * (2.0 * draw - 1.0)
            scale = math.exp(change / 3.0)
            room, trial = _try_volume(x, length, scale, physics, s)
            if not room:
                return -1.0
            trial_h = trial + _work(scale * length, physics)
            trial_bias, trial_slope_h, trial_slope_o = evaluate_bias(table, mesh, trial_h, order)
            cost = (trial_h + trial_bias - enthalpy - bias) / physics.kT
            moves[0] += 1
            draw = uniform(key, counter + draws - np.uint64(1))
            if math.log(draw) < (atoms + 1) * change - cost:
                moves[1] += 1
                length *= scale
                enthalpy, bias = trial_h, trial_bias
                slope_h, slope_o = trial_slope_h, trial_slope_o
                x[:] = s.trial_x
                force[:] = s.trial_force
                s.shifts[:] = s.trial_shifts
                gradient /= scale

        if step % interval == 0:
            row = (step - first) // interval - 1
            points[row, 0] = enthalpy
            points[row, 1] = order
            points[row, 2] = temperature
            points[row, 3] = bias
    return length if math.isfinite(enthalpy + order) else -1.0


@parallel(cache=True, nogil=True)
def _advance_all(
    walkers: Walkers,
    segment: Segment,
    physics: Physics,
    tables: Tables,
    table: Floats,
    mesh: Mesh,
    points: Floats,
) -> None:
    edges = walkers.length  # numba loses what prange stores through the tuple's field
    for w in prange(len(edges)):
        edges[w] = _advance(walkers, w, segment, physics, tables, table, mesh, points[w])


def advance(
    walkers: Walkers,
    physics: Physics,
    tables: Tables,
    table: Floats,
    mesh: Mesh,
    *,
    first: int,
    steps: int,
    interval: int,
) -> Floats:
    """Run a segment of `steps` steps of every walker, in place, under the frozen bias `table`.

    first: number of the step before the segment; both it and `steps` are multiples of `interval`.
    Returns points (W, steps / interval, 4), one every `interval` steps: enthalpy (eV), order
    parameter, kinetic temperature over T0, bias (eV). The result does not depend on the number of
    threads. Raises PotstillError when a walker cannot be moved (`check_walkers`) or its energy or
    cell runs away.
    """
    check_walkers(walkers.x, walkers.v, walkers.length, physics.aspect)
    points = np.zeros((len(walkers.length), steps // interval, 4))
    _advance_all(walkers, Segment(first, steps, interval), physics, tables, table, mesh, points)
    failed = walkers.length < 0
    if failed.any():
        raise ran_away(int(np.argmax(failed)), first, steps)
    return points


def ran_away(walker: int, first: int, steps: int) -> PotstillError:
    """Return the error of a walker that is lost in the `steps` after step number `first`."""
    return PotstillError(
        f"walker {walker} ran away between steps {first} and {first + steps}: its energy is not "
        "finite or its cell collapsed; lower timestep_fs or the temperature"
    )
