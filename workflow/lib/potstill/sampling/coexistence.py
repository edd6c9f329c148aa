"""The melting temperature of the bulk, from crystal and liquid side by side in one cell.

Above the melting temperature the crystal melts from its two faces and the enthalpy rises; below,
it grows and the enthalpy falls, both at a steady rate that is proportional to T - T_m near T_m
(Wilson-Frenkel kinetics of the interface). T_m is the zero of the line through the rates at several
temperatures. Small cells that melt as a whole, as those of MOMT sets, melt higher.
"""

from pathlib import Path
from typing import NamedTuple

import ase
import numpy as np
from ase import units
from ase.build import bulk
from ase.constraints import FixAtoms
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential
from potstill.potentials.eam_calculator import EAM
from potstill.runtime.compiled import use_threads
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.runtime.streams import stream, stream_seed
from potstill.sampling.engine import Walkers, advance
from potstill.sampling.validation import plain
from potstill.sampling.walkers import System, make_physics, unbiased
from potstill.settings import ATOMS_PER_CELL, Element, Npt

Floats = NDArray[np.float64]

# Conventional cells across and along the cell with both phases: 1600 atoms of FCC, 1296 of BCC.
CELLS = {"fcc": (5, 16), "bcc": (6, 18)}
# Cells a side of the cubes in which each phase alone is measured: 108 atoms of FCC, 128 of BCC.
CELLS_ALONE = {"fcc": 3, "bcc": 4}
# Temperatures of the two rounds over their middle: the guess, then the zero of the first round.
ROUNDS = ((0.94, 0.98, 1.02, 1.06), (0.97, 0.985, 1.0, 1.015, 1.03))
# Copies at each temperature, with velocities and random numbers of their own.
COPIES = 2
# One half of the cell melts at this multiple of the guess, then cools to it; the other is held.
MELT_FACTOR, MELT_PS, COOL_PS = 3.0, 1.0, 0.5
# The planes of an even number of cells lie at multiples of 1/2 of the cell, and beside HALF.
HALF = 0.499
# The rate is measured after the heat of melting has left, ps.
SETTLE_PS, MEASURE_PS = 3.0, 12.0
# The rate is steady while this share of the cell, at least, is left of each phase.
LEFT = 0.2
# A rate is taken from this time at least, ps.
SHORTEST_PS = 2.0
INTERVAL = 50


class Phases(NamedTuple):
    """Each phase alone at a temperature (K): enthalpies (eV/atom) and volumes (A^3) of an atom."""

    temperature_K: float
    crystal_enthalpy: float
    liquid_enthalpy: float
    crystal_volume: float
    liquid_volume: float

    def molten(self, enthalpy: Floats, temperature_K: float) -> Floats:
        """Return the molten share at an enthalpy (eV/atom); heat capacities are 3 kB an atom."""
        heating = 3 * units.kB * (temperature_K - self.temperature_K)
        heat = self.liquid_enthalpy - self.crystal_enthalpy
        return (enthalpy - heating - self.crystal_enthalpy) / heat


class Rate(NamedTuple):
    """Rate of the enthalpy (eV/atom/ps) of one copy at a temperature (K)."""

    temperature_K: float
    eV_per_atom_ps: float


def half_molten(
    element: Element,
    potential: EamPotential,
    cells: tuple[int, int],
    phases: Phases,
    timestep_fs: float,
    seed: int,
) -> ase.Atoms:
    """Return a prism of cells across and along of conventional cells, whose upper half is molten.

    The prism has the edges of the free crystal, and the upper half has as many atoms fewer as the
    liquid is thinner, so that the crystal is not strained. The crystal is held while the upper half
    melts.
    """
    edge = (ATOMS_PER_CELL[element.structure] * phases.crystal_volume) ** (1 / 3)
    atoms = bulk(potential.symbol, element.structure, a=edge, cubic=True)
    atoms *= (cells[0], cells[0], cells[1])
    generator = stream(seed, "coexistence", potential.symbol, "half")
    upper = np.flatnonzero(atoms.get_scaled_positions()[:, 2] > HALF)
    surplus = round(len(upper) * (1 - phases.crystal_volume / phases.liquid_volume))
    del atoms[generator.choice(upper, surplus, replace=False)]
    atoms.calc = EAM(potential)
    atoms.set_constraint(FixAtoms(mask=atoms.get_scaled_positions()[:, 2] < HALF))
    hot = MELT_FACTOR * phases.temperature_K
    MaxwellBoltzmannDistribution(atoms, temperature_K=hot, rng=generator)
    motion = Langevin(
        atoms,
        timestep_fs * units.fs,
        temperature_K=hot,
        friction=0.01 / units.fs,
        fixcm=False,
        rng=generator,
    )
    motion.run(round(1000 * MELT_PS / timestep_fs))
    motion.set_temperature(temperature_K=phases.temperature_K)
    motion.run(round(1000 * COOL_PS / timestep_fs))
    atoms.set_constraint()
    return atoms


def enthalpy_rates(
    start: ase.Atoms,
    phases: Phases,
    element: Element,
    potential: EamPotential,
    temperature_K: float,
    timestep_fs: float,
    seed: int,
) -> list[Rate]:
    """Return the rates of copies of `start`, one for each in which both phases last.

    A rate is the slope of the enthalpy until one of the phases has shrunk to the share `LEFT`.
    """
    count = len(start)
    settings = Npt(
        method="npt",
        start="crystal",
        temperature_K=temperature_K,
        timestep_fs=timestep_fs,
        volume_step=0.02 * (108 / count) ** 0.5,
        production_steps=INTERVAL,
        frames=1,
        walkers=1,
        trace_interval=INTERVAL,
        equilibration_steps=INTERVAL,
    )
    names = "coexistence", potential.symbol, f"{temperature_K:.2f} K"
    x, v = np.zeros((2, COPIES, count, 4))
    x[:, :, :3] = start.positions
    spread = np.sqrt(units.kB * temperature_K / potential.mass_u)
    v[:, :, :3] = stream(seed, *names, "velocities").normal(0, spread, (COPIES, count, 3))
    walkers = Walkers(
        x=x,
        v=v,
        length=np.full(COPIES, start.cell[0, 0]),
        key=np.array([stream_seed(seed, *names, w) for w in range(COPIES)], dtype=np.uint64),
        moves=np.zeros((COPIES, 2), dtype=np.int64),
        kinetic=np.zeros((COPIES, 2)),
    )
    aspect = float(start.cell[2, 2] / start.cell[0, 0])
    system = System(element, count, potential)
    physics = make_physics(settings, system)._replace(aspect=aspect)
    to_ps = 1e-3 * timestep_fs * INTERVAL
    settle, measure = (INTERVAL * round(ps / to_ps) for ps in (SETTLE_PS, MEASURE_PS))
    run = (walkers, physics, potential.dynamics_tables, *unbiased(count))
    advance(*run, first=0, steps=settle, interval=INTERVAL)
    points = advance(*run, first=settle, steps=measure, interval=INTERVAL)
    rates = []
    for enthalpy in points[..., 0] / count:
        molten = phases.molten(enthalpy, temperature_K)
        over = np.flatnonzero((molten < LEFT) | (molten > 1 - LEFT))
        last = int(over[0]) if len(over) else len(molten)
        if last * to_ps >= SHORTEST_PS:
            slope = np.polyfit(to_ps * np.arange(last), enthalpy[:last], 1)[0]
            rates.append(Rate(temperature_K, float(slope)))
    return rates


def zero_of(rates: list[Rate]) -> tuple[float, float]:
    """Return the temperature (K) where the line through the rates is zero, and its standard error.

    Raises PotstillError when the rates do not rise with the temperature.
    """
    t, r = np.array(rates).T
    middle = t.mean()
    (slope, offset), covariance = np.polyfit(t - middle, r, 1, cov=True)
    if slope <= 0:
        raise PotstillError(
            "the enthalpy's rate does not rise with the temperature: noise; try another seed"
        )
    shift = -offset / slope
    # of the ratio -offset / slope, to first order
    gradient = np.array([offset / slope**2, -1 / slope])
    return float(middle + shift), float(np.sqrt(gradient @ covariance @ gradient))


def phases_alone(
    element: Element, potential: EamPotential, temperature_K: float, timestep_fs: float, seed: int
) -> Phases:
    """Return the averages of short plain runs of the crystal and of the liquid."""
    atoms = ATOMS_PER_CELL[element.structure] * CELLS_ALONE[element.structure] ** 3
    means = []
    for phase in ("crystal", "liquid"):
        average = plain(
            System(element, atoms, potential),
            temperature_K,
            phase,
            timestep_fs=timestep_fs,
            steps=40_000,
            seed=seed,
            name="coexistence",
        )
        means.append(average.mean)
    (h_solid, v_solid, *_), (h_liquid, v_liquid, *_) = np.array(means).tolist()
    return Phases(temperature_K, h_solid, h_liquid, v_solid, v_liquid)


def coexistence(
    *,
    element: Element,
    symbol: str,
    potential: Path,
    guess_K: float,
    timestep_fs: float,
    seed: int,
    threads: int,
    output: Path,
) -> None:
    """Write the bulk's melting temperature (JSON) with its standard error and the rates.

    guess_K may be off by some 10%. Raises PotstillError when it is further off.
    """
    use_threads(threads)
    eam = EamPotential.from_file(potential, symbol)
    phases = phases_alone(element, eam, guess_K, timestep_fs, seed)
    cells = CELLS[element.structure]
    heat = phases.liquid_enthalpy - phases.crystal_enthalpy
    swelling = 100 * (phases.liquid_volume / phases.crystal_volume - 1)
    say(
        f"{symbol}: at {guess_K:g} K melting takes {heat:.3f} eV/atom and swells by "
        f"{swelling:.1f}%; melting half of {cells[0]} x {cells[0]} x {cells[1]} cells"
    )
    start = half_molten(element, eam, cells, phases, timestep_fs, seed)
    middle, error = guess_K, 0.0
    every: list[Rate] = []
    for factors in ROUNDS:
        rates: list[Rate] = []
        for temperature in (factor * middle for factor in factors):
            found = enthalpy_rates(start, phases, element, eam, temperature, timestep_fs, seed)
            listed = ", ".join(f"{1000 * r.eV_per_atom_ps:+.2f}" for r in found)
            say(f"{symbol}: {temperature:.0f} K, {listed or 'one phase is gone, no'} meV/atom/ps")
            rates += found
        if len({r.temperature_K for r in rates}) < 3:
            raise PotstillError(
                f"{symbol}: crystal and liquid do not last side by side around {middle:.0f} K; "
                "correct temperature_K of the element's MOMT set, which the guess is taken from"
            )
        middle, error = zero_of(rates)
        every += rates
        say(f"{symbol}: crystal and liquid are in balance at {middle:.0f} +- {error:.0f} K")
    write_json(
        output,
        {
            "melting_temperature_K": middle,
            "standard_error_K": error,
            "atoms": len(start),
            "guess_K": guess_K,
            "heat_of_melting_eV_per_atom": heat,
            "volume_of_melting_percent": swelling,
            "rates": [r._asdict() for r in every],
        },
    )
