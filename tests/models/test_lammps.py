"""LAMMPS driven by an ensemble: the calculator's energy, forces and pressure, and conservation."""

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from lammps_engine import lammps_instance
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.models.lammps import drive_lammps

Floats = NDArray[np.float64]
# a restricted triclinic box, as LAMMPS has it
CELL = np.array([[7.2, 0.0, 0.0], [0.4, 7.1, 0.0], [-0.3, 0.2, 7.3]])
EV_PER_A3_IN_BAR = 1.6021765e6


def engine_with(positions: Floats, units: str = "metal", types: int = 1) -> Any:
    engine = lammps_instance()
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = CELL.tolist()
    engine.commands_list(
        [
            f"units {units}",
            "atom_modify map array",
            f"region box prism 0 {lx!r} 0 {ly!r} 0 {lz!r} {xy!r} {xz!r} {yz!r}",
            f"create_box {types} box",
            "mass * 58.69",
            "pair_style zero 6.0",
            "pair_coeff * *",
        ]
    )
    count = len(positions)
    engine.create_atoms(count, list(range(1, count + 1)), [1] * count, positions.ravel().tolist())
    return engine


@pytest.fixture
def atoms(liquid: tuple[Floats, Floats]) -> Atoms:
    positions, cell = liquid
    made = Atoms("Ni32", positions=positions @ np.linalg.inv(cell) @ CELL, cell=CELL, pbc=True)
    made.wrap()
    return made


def test_energy_forces_and_pressure(ensemble: Ensemble, atoms: Atoms) -> None:
    engine = engine_with(atoms.positions)
    drive_lammps(engine, ensemble)
    engine.commands_list(["compute p all pressure NULL virial", "thermo_style custom pe c_p[1]"])
    engine.command("run 0")
    atoms.calc = EnsembleCalculator(ensemble)
    assert engine.get_thermo("pe") == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
    forces = np.array(engine.gather_atoms("f", 1, 3)).reshape(-1, 3)
    np.testing.assert_allclose(forces, atoms.get_forces(), rtol=0, atol=1e-8)
    pressure = [engine.extract_compute("p", 0, 1)[k] for k in (0, 1, 2, 5, 4, 3)]
    np.testing.assert_allclose(pressure, -EV_PER_A3_IN_BAR * atoms.get_stress(), atol=1e-2)
    assert np.ptp(pressure) > 1e3
    engine.close()


def test_energy_is_conserved(ensemble: Ensemble, atoms: Atoms) -> None:
    engine = engine_with(atoms.positions)
    drive_lammps(engine, ensemble)
    engine.commands_list(
        ["fix nve all nve", "velocity all create 300 1", "timestep 0.0002", "run 0"]
    )
    before = engine.get_thermo("etotal")
    engine.command("run 100")
    assert engine.get_thermo("etotal") == pytest.approx(before, abs=1e-2)
    assert abs(engine.get_thermo("temp") - 300) > 10  # something moved
    engine.close()


@pytest.mark.parametrize(
    ("units", "types", "message"), [("lj", 1, "units are lj"), ("metal", 2, "more than one type")]
)
def test_a_box_that_does_not_fit_is_refused(
    ensemble: Ensemble, atoms: Atoms, units: str, types: int, message: str
) -> None:
    engine = engine_with(atoms.positions, units, types)
    with pytest.raises(PotstillError, match=message):
        drive_lammps(engine, ensemble)
    engine.close()
