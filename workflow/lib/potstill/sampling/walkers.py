"""Walkers at their starting points, and the constants of their motion."""

import math
from typing import NamedTuple

import numpy as np
from ase import units
from ase.build import bulk
from numpy.typing import NDArray

from potstill.potentials.eam import EamPotential
from potstill.runtime.streams import stream, stream_seed
from potstill.sampling.bias import Mesh
from potstill.sampling.engine import Floats, Physics, Walkers, advance
from potstill.sampling.order import cells_per_side, order_vectors
from potstill.settings import Element, Momt, Npt

Flags = NDArray[np.bool_]

# How far the neighbour list reaches beyond what a volume move can bring into range, A.
SKIN_A = 0.3
# Lattice constant of a hot crystal over that at zero temperature.
EXPANSION = 1.02
# Time for which a crystal is held at the melting-off temperature: an 8 ps run at 1.8 T_m melts it.
MELT_PS = 8.0


class System(NamedTuple):
    """What is simulated: atoms that fill a cube as their element's crystal, and the potential."""

    element: Element
    atoms: int
    potential: EamPotential

    @property
    def cells(self) -> int:
        """Conventional cells along an edge of the cube."""
        return cells_per_side(self.element.structure, self.atoms)


def make_physics(
    settings: Momt | Npt, system: System, temperature_K: float | None = None
) -> Physics:
    """Return the constants of the motion, at `temperature_K` instead of the settings' if given."""
    element, _, potential = system
    return Physics(
        kT=units.kB * (temperature_K or settings.temperature_K),
        pressure=settings.pressure_bar * units.bar,
        mass=potential.mass_u,
        timestep=settings.timestep_fs * units.fs,
        damping=math.exp(-settings.friction_per_ps * 1e-3 * settings.timestep_fs),
        volume_interval=settings.volume_interval,
        volume_step=settings.volume_step,
        cells=system.cells,
        vectors=order_vectors(element.structure),
        cutoff=potential.cutoff_A,
        skin=SKIN_A + potential.cutoff_A * math.expm1(settings.volume_step / 3),
    )


def crystal_walkers(settings: Momt | Npt, system: System, seed: int, name: str) -> Walkers:
    """Return walkers in the perfect crystal with velocities at the thermostat's temperature.

    name: of the run. Its random streams are named by it and by element, size, temperature and
    pressure: runs that differ in any of them are independent, whatever their seed.
    """
    element, atoms, potential = system
    count = settings.walkers
    edge = EXPANSION * element.lattice_constant_A
    crystal = bulk(potential.symbol, element.structure, a=edge, cubic=True) * system.cells
    x = np.zeros((count, atoms, 4))
    x[:, :, :3] = crystal.positions
    v = np.zeros((count, atoms, 4))
    spread = math.sqrt(units.kB * settings.temperature_K / potential.mass_u)
    state = f"{settings.temperature_K:g} K", f"{settings.pressure_bar:g} bar"
    names = name, potential.symbol, atoms, *state
    v[:, :, :3] = stream(seed, *names, "velocities").normal(0, spread, (count, atoms, 3))
    return Walkers(
        x=x,
        v=v,
        length=np.full(count, crystal.cell[0, 0]),
        key=np.array([stream_seed(seed, *names, w) for w in range(count)], dtype=np.uint64),
        moves=np.zeros((count, 2), dtype=np.int64),
        kinetic=np.zeros((count, 2)),
    )


def unbiased(atoms: int) -> tuple[Floats, Mesh]:
    """Return the bias table of an ordinary isobaric run: zero everywhere."""
    return np.zeros((4, 4)), Mesh(0.0, 1.0, float(atoms), 0.0, 0.0)


def start_walkers(settings: Momt | Npt, system: System, seed: int, name: str) -> Walkers:
    """Return walkers ready to run: all crystal, all molten, or for MOMT half of each.

    A molten walker has been a crystal held at melt_temperature_K (MOMT: high_temperature_K) for
    8 ps. name: of the run, for its random streams.
    """
    walkers = crystal_walkers(settings, system, seed, name)
    if isinstance(settings, Npt) and settings.start == "crystal":
        return walkers
    hot = settings.melt_temperature_K if isinstance(settings, Npt) else settings.high_temperature_K
    molten = crystal_walkers(settings, system, seed, f"{name} melting")
    steps = round(MELT_PS * 1000 / settings.timestep_fs)
    run = (make_physics(settings, system, hot), system.potential.dynamics_tables)
    advance(molten, *run, *unbiased(system.atoms), first=0, steps=steps, interval=steps)
    which = slice(None) if isinstance(settings, Npt) else slice(1, None, 2)
    for field in ("x", "v", "length"):
        getattr(walkers, field)[which] = getattr(molten, field)[which]
    return walkers


def bring_back(walkers: Walkers, stray: Flags, below: Flags) -> None:
    """Put each stray walker (W,) where the next one is that is not `stray` or `below` (W,), if any.

    Only the bias is learned meanwhile, so that a walker may be anywhere; each goes its own way from
    there, by its own random numbers.
    """
    good = np.flatnonzero(~(stray | below))
    if not len(good):
        return
    for walker in np.flatnonzero(stray):
        other = good[np.searchsorted(good, walker) % len(good)]
        for values in (walkers.x, walkers.v, walkers.length):
            values[walker] = values[other]
