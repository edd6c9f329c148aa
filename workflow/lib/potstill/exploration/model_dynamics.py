"""Dynamics of a metal that a model drives, and that end where the model can't be believed."""

import warnings
from typing import NamedTuple

import ase
import numpy as np
from ase import units
from ase.md.langevinbaoab import LangevinBAOAB
from ase.md.velocitydistribution import thermalize_momenta

from potstill.data.structures import Structures
from potstill.foundation.metal_crystal import MetalCrystal
from potstill.foundation.strained_crystals import perfect_cell
from potstill.models.doubts import doubts
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.runtime.progress import Progress
from potstill.settings import ModelRun, ModelRuns

FRICTION_PER_PS, BAROSTAT_FS = 2.0, 500.0
# A liquid starts as a crystal of this volume and temperature, both relative, for so long.
MELT_VOLUME, MELT_TEMPERATURE, MELT_PS = 1.12, 1.8, 1.5
# Steps between looks at what the model knows.
LOOK = 20


class Course(NamedTuple):
    """What a run gave: its frames, and, where it was stopped, why and at what."""

    frames: list[ase.Atoms]
    stopped: str = ""
    doubted: ase.Atoms | None = None


class _DoubtedError(Exception):
    """The model cannot be believed any more."""


def run_model(
    ensemble: Ensemble,
    crystal: MetalCrystal,
    settings: ModelRuns,
    run: ModelRun,
    count: int,
    random: np.random.Generator,
    label: str,
) -> Course:
    """Return `count` frames of one run of 32 atoms at zero pressure, or those up to a doubt.

    Langevin dynamics with a barostat (ASE's BAOAB), started from the metal's crystal, for a liquid
    from a molten one. Every `LOOK` steps, and at each frame, the model is asked whether it knows
    where it is (see `doubts`).
    """
    atoms = perfect_cell(crystal)
    atoms.calc = EnsembleCalculator(ensemble)
    course = Course([])
    melting = round(1e3 * MELT_PS / settings.timestep_fs) if run.start == "liquid" else 0
    total = melting + settings.equilibration_steps + count * settings.interval_steps
    progress = Progress(label, total, "steps")
    done = 0

    def go(dynamics: LangevinBAOAB, steps: int) -> None:
        nonlocal done
        for ahead in range(0, steps, LOOK):
            taken = min(LOOK, steps - ahead)
            dynamics.run(taken)
            done += taken
            if flag := doubt(ensemble, atoms):
                raise _DoubtedError(flag)
            progress.update(done, f"{atoms.get_volume() / len(atoms):.2f} A^3 an atom")

    # as much again goes into potential energy
    thermalize_momenta(atoms, 2 * run.temperature_K, rng=random)
    try:
        if melting:
            atoms.set_cell(atoms.cell * MELT_VOLUME ** (1 / 3), scale_atoms=True)
            hot = MELT_TEMPERATURE * run.temperature_K
            go(langevin(atoms, hot, settings.timestep_fs, random), melting)
        at_pressure = langevin(atoms, run.temperature_K, settings.timestep_fs, random, pressure=0.0)
        go(at_pressure, settings.equilibration_steps)
        for _ in range(count):
            go(at_pressure, settings.interval_steps)
            course.frames.append(bare(atoms))
    except _DoubtedError as flagged:
        return course._replace(stopped=str(flagged), doubted=bare(atoms))
    return course


def doubt(ensemble: Ensemble, atoms: ase.Atoms) -> str:
    """Return why an ensemble cannot be believed on atoms, as its flag; empty where it can be."""
    return doubts(ensemble, Structures.of_atoms([atoms])).verdicts[0].flag


def langevin(
    atoms: ase.Atoms,
    kelvin: float,
    timestep_fs: float,
    random: np.random.Generator,
    *,
    pressure: float | None = None,
) -> LangevinBAOAB:
    """Return Langevin dynamics of atoms, with a barostat of a cell that keeps its shape.

    pressure: the external stress, eV/A^3, as ASE has it; None for a cell that stays as it is.
    """
    with warnings.catch_warnings():
        # it tells which mass it gives the barostat
        warnings.simplefilter("ignore", UserWarning)
        return LangevinBAOAB(
            atoms,
            timestep_fs * units.fs,
            temperature_K=kelvin,
            T_tau=1e3 * units.fs / FRICTION_PER_PS,
            externalstress=pressure,
            hydrostatic=pressure is not None,
            P_tau=BAROSTAT_FS * units.fs,
            rng=random,
        )


def bare(atoms: ase.Atoms) -> ase.Atoms:
    """Return the atoms without calculator and momenta."""
    return ase.Atoms(atoms.symbols, atoms.positions, cell=atoms.cell, pbc=True)
