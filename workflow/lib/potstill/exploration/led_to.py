"""What a model leads to in dynamics and relaxations: the frames that it may need to learn."""

from collections.abc import Iterator
from typing import NamedTuple

import ase
from ase.filters import FrechetCellFilter
from ase.optimize import FIRE

from potstill.exploration.model_dynamics import LOOK, Course, bare, doubt, run_model
from potstill.foundation.metal_crystal import MetalCrystal
from potstill.foundation.strained_crystals import perfect_cell
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.runtime.progress import say
from potstill.runtime.streams import stream
from potstill.settings import Exploration
from potstill.settings.exploration import RelaxedName

# Where a relaxation ends: at this largest force, eV/A, or after so many steps.
RELAXED_eV_PER_A, RELAXING_STEPS = 0.01, 300


class LedTo(NamedTuple):
    """Where one run or relaxation led; source: which one, in words."""

    source: str
    course: Course


def led_to(
    ensemble: Ensemble, crystal: MetalCrystal, given: Exploration, seed: int, turn: int
) -> Iterator[LedTo]:
    """Yield what an ensemble leads to in a turn: by each run, and by each relaxation.

    Each ends at the first structure that the ensemble does not know (see `doubts`), which its
    course has as `doubted`.
    """
    symbol = crystal.symbol
    for number, run in enumerate(given.runs):
        source = f"{run.start} at {run.temperature_K:g} K"
        random = stream(seed, "exploration", symbol, turn, number)
        course = run_model(ensemble, crystal, given, run, given.frames_of_run, random, source)
        yield _told(LedTo(source, course))
    for name in given.relax:
        yield _told(LedTo(f"relaxed {name}", relax_known(ensemble, _structure(crystal, name))))


def relax_known(ensemble: Ensemble, atoms: ase.Atoms) -> Course:
    """Return atoms relaxed with their cell, or the structure on the way that is doubted.

    Every `LOOK` steps, and at the end, the ensemble is asked whether it knows where it is.
    """
    atoms = atoms.copy()
    atoms.calc = EnsembleCalculator(ensemble)
    steps = FIRE(FrechetCellFilter(atoms), logfile=None).irun(RELAXED_eV_PER_A, RELAXING_STEPS)
    for step, ended in enumerate(steps):
        if step % LOOK and not ended and step < RELAXING_STEPS:
            continue
        if flag := doubt(ensemble, atoms):
            return Course([], flag, bare(atoms))
    return Course([bare(atoms)])


def _structure(crystal: MetalCrystal, name: RelaxedName) -> ase.Atoms:
    """Return 32 atoms of a crystal at the volume of the metal's own, or this less an atom."""
    if name != "vacancy":
        return perfect_cell(crystal, name)
    atoms = perfect_cell(crystal)
    del atoms[0]
    return atoms


def _told(found: LedTo) -> LedTo:
    if found.course.stopped:
        say(f"{found.source}: not to be trusted any more, {found.course.stopped}")
    return found
