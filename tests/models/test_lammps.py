"""LAMMPS driven by an ensemble: the calculator's energy, forces and pressure, and conservation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ensembles import mixed_structures
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


def engine_with(
    atoms: Atoms, units: str = "metal", symbols: tuple[str, ...] = ("Ni",), boundary: str = "p p p"
) -> Any:
    """Return LAMMPS with these atoms; symbols: the elements of types 1, 2 ..."""
    engine = lammps_instance()
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = atoms.cell.tolist()
    engine.commands_list(
        [
            f"units {units}",
            f"boundary {boundary}",
            "atom_modify map array",
            f"region box prism 0 {lx!r} 0 {ly!r} 0 {lz!r} {xy!r} {xz!r} {yz!r}",
            f"create_box {len(symbols)} box",
            "mass * 58.69",
            "pair_style zero 6.0",
            "pair_coeff * *",
        ]
    )
    count = len(atoms)
    types = [symbols.index(symbol) + 1 for symbol in atoms.symbols]
    x = atoms.positions.ravel().tolist()
    engine.create_atoms(count, list(range(1, count + 1)), types, x)
    return engine


@pytest.fixture
def atoms(liquid: tuple[Floats, Floats]) -> Atoms:
    positions, cell = liquid
    made = Atoms("Ni32", positions=positions @ np.linalg.inv(cell) @ CELL, cell=CELL, pbc=True)
    made.wrap()
    return made


def test_energy_forces_and_pressure(ensemble: Ensemble, atoms: Atoms) -> None:
    engine = engine_with(atoms)
    drive_lammps(engine, ensemble)
    assert_equal_to_calculator(engine, ensemble, atoms)


@pytest.mark.parametrize("boundary", ["p p p", "p p f", "f p s"])
def test_two_elements_and_any_boundary(
    make_ensemble: Callable[..., Ensemble], atoms: Atoms, boundary: str
) -> None:
    """Types in another order than the elements', and atoms out of order."""
    atoms.symbols = ["W", "Be", "Be", "W"] * 8
    atoms.set_cell([7.2, 7.1, 7.3], scale_atoms=True)
    atoms.positions = 0.01 + 0.98 * atoms.positions  # inside the box, also where it ends
    atoms.pbc = [axis == "p" for axis in boundary.split()]
    alloy = make_ensemble(mixed_structures(["Be", "W"]))
    engine = engine_with(atoms, symbols=("W", "Be"), boundary=boundary)
    drive_lammps(engine, alloy, elements=["W", "Be"])
    if "s" not in boundary:  # which shrinks the box to the atoms, and the pressure is by its volume
        assert_equal_to_calculator(engine, alloy, atoms)
        return
    engine.command("run 0")
    atoms.calc = EnsembleCalculator(alloy)
    assert engine.get_thermo("pe") == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
    engine.close()


def assert_equal_to_calculator(engine: Any, ensemble: Ensemble, atoms: Atoms) -> None:
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
    engine = engine_with(atoms)
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
    ("units", "symbols", "elements", "message"),
    [
        ("lj", ("Ni",), None, "units are lj"),
        ("metal", ("Ni", "W"), None, r"2 type\(s\) of atoms, and 1 element"),
        ("metal", ("Ni", "W"), ("Ni", "W"), "for Ni, not for W"),
    ],
)
def test_what_does_not_fit_is_refused(
    ensemble: Ensemble,
    atoms: Atoms,
    units: str,
    symbols: tuple[str, ...],
    elements: tuple[str, ...] | None,
    message: str,
) -> None:
    engine = engine_with(atoms, units, symbols)
    with pytest.raises(PotstillError, match=message):
        drive_lammps(engine, ensemble, elements=elements)
    engine.close()


def test_elements_of_the_types_are_asked_for(
    make_ensemble: Callable[..., Ensemble], atoms: Atoms
) -> None:
    engine = engine_with(atoms, symbols=("Ni", "W"))
    with pytest.raises(PotstillError, match="for Ni and W; name the element of each type"):
        drive_lammps(engine, make_ensemble(mixed_structures(["Ni", "W"])))
    engine.close()
