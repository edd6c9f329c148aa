"""Relaxed crystals: the EAM's reference values, and calculators that misbehave."""

import json
from pathlib import Path

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list
from ase.stress import full_3x3_to_voigt_6_stress

from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential
from potstill.potentials.eam_calculator import EAM
from potstill.relaxation import relax_crystals
from potstill.relaxation.crystals import build_crystals
from potstill.relaxation.relax import STEP_LIMIT, bond_length, relax
from potstill.settings import Element

ELEMENTS = {
    "Ni": Element(table="Ni-Nb", structure="fcc", lattice_constant_A=3.51623),
    "Al": Element(table="Al", structure="fcc", lattice_constant_A=4.04526),
    "Nb": Element(table="Ni-Nb", structure="bcc", lattice_constant_A=3.30237),
}
# nearest neighbour (A), energy (eV/atom) and c/a, from two independent engines
REFERENCE = {
    ("Ni", "FCC"): (2.4864, -4.87631, None),
    ("Ni", "BCC"): (2.4088, -4.83335, None),
    ("Ni", "HCP"): (2.4789, -4.86285, 1.6439),
    ("Ni", "HCP c/a=sqrt(3)"): (2.4401, -4.84658, 1.7321),
    ("Al", "FCC"): (2.8604, -3.41066, None),
    ("Al", "BCC"): (2.8045, -3.30883, None),
    ("Al", "HCP"): (2.8451, -3.38314, 1.6682),
    ("Al", "HCP c/a=sqrt(3)"): (2.8164, -3.37996, 1.7321),
    ("Nb", "FCC"): (3.0512, -7.15940, None),
    ("Nb", "BCC"): (2.8599, -7.34687, None),
    ("Nb", "HCP"): (2.9822, -7.20392, 1.5576),
    ("Nb", "HCP c/a=sqrt(3)"): (2.9356, -7.15717, 1.7321),
}


class Fluid(Calculator):
    """A continuum of pressure p, eV/A^3, that goes bad beyond a volume; forces push one atom."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012

    def __init__(self, pressure: float, *, bad_beyond: float = np.inf, push: float = 0.0) -> None:
        super().__init__()
        self.pressure, self.bad_beyond, self.push = pressure, bad_beyond, push

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        volume = self.atoms.get_volume()
        bad = np.nan if volume / len(self.atoms) > self.bad_beyond else 1.0
        forces = np.zeros((len(self.atoms), 3))
        forces[0, 0] = self.push
        self.results = {
            "energy": -self.pressure * volume * bad,
            "forces": forces * bad,
            "stress": full_3x3_to_voigt_6_stress(-self.pressure * np.eye(3)) * bad,
        }


@pytest.mark.parametrize("start", [0.97, 1.03])
@pytest.mark.parametrize("symbol", sorted(ELEMENTS))
def test_eam_crystals_have_the_reference_values(
    tables: dict[str, Path], tmp_path: Path, symbol: str, start: float
) -> None:
    element = ELEMENTS[symbol]
    guess = element.model_copy(update={"lattice_constant_A": start * element.lattice_constant_A})
    calculator = EAM(EamPotential.from_file(tables[element.table], symbol))
    output = tmp_path / "EAM" / f"{symbol}.json"
    relax_crystals(calculator, model="EAM", symbol=symbol, element=guess, output=output)
    content = json.loads(output.read_text())
    assert (content["model"], content["symbol"]) == ("EAM", symbol)
    assert [row["structure"] for row in content["crystals"]] == [
        structure for metal, structure in REFERENCE if metal == symbol
    ]
    assert [row["atoms"] for row in content["crystals"]] == [32, 54, 48, 48]
    for row in content["crystals"]:
        bond, energy, c_over_a = REFERENCE[symbol, row["structure"]]
        assert row["bond_length_A"] == pytest.approx(bond, abs=1e-3)
        assert row["energy_eV_per_atom"] == pytest.approx(energy, abs=1e-4)
        if c_over_a is None:
            assert row["c_over_a"] is None
        else:
            assert row["c_over_a"] == pytest.approx(c_over_a, abs=1e-3)
        assert row["converged"]
        assert row["largest_force_eV_per_A"] < 1e-9
        assert 0 < row["steps"] < 60


def test_relaxed_cell_is_a_minimum(tables: dict[str, Path]) -> None:
    """Any other volume, and for HCP any other c/a, costs energy."""
    for crystal in build_crystals("Ni", 10.5):
        relax(crystal, EAM(EamPotential.from_file(tables["Ni-Nb"], "Ni")))
        atoms = crystal.atoms
        lowest, cell = atoms.get_potential_energy(), np.asarray(atoms.cell).copy()
        strains = [np.full(3, 0.004), np.full(3, -0.004)]
        if not crystal.isotropic:
            strains += [np.array([-0.004, -0.004, 0.008]), np.array([0.004, 0.004, -0.008])]
        for strain in strains:
            atoms.set_cell(cell @ np.diag(1 + strain), scale_atoms=True)
            assert atoms.get_potential_energy() > lowest + 1e-4


def test_perfect_crystals() -> None:
    coordination = {"FCC": 12, "BCC": 8, "HCP": 12, "HCP c/a=sqrt(3)": 6}
    for crystal in build_crystals("Al", 16.0):
        atoms = crystal.atoms
        assert atoms.get_volume() / len(atoms) == pytest.approx(16.0)
        bond = bond_length(atoms)
        neighbours = np.bincount(neighbor_list("i", atoms, bond * 1.001), minlength=len(atoms))
        assert set(neighbours) == {coordination[crystal.structure]}
    hcp, printed = build_crystals("Al", 16.0)[2:]
    assert hcp.c_over_a() == pytest.approx(np.sqrt(8 / 3))
    assert printed.c_over_a() == pytest.approx(np.sqrt(3))


def test_bond_length_counts_images() -> None:
    atoms = build_crystals("Ni", 11.0)[0].atoms[:1]
    atoms.set_cell(np.diag([4.0, 5.0, 6.0]))
    assert bond_length(atoms) == pytest.approx(4.0)


@pytest.mark.parametrize("pressure", [0.3, -0.3])
def test_a_cell_that_runs_away_is_reported(pressure: float) -> None:
    for crystal in build_crystals("Ni", 11.0):
        relaxed = relax(crystal, Fluid(pressure))
        assert not relaxed.converged
        assert relaxed.steps < STEP_LIMIT
        assert 0.4 * 11 < relaxed.volume_A3_per_atom < 2.5 * 11
        assert relaxed.volume_A3_per_atom / 11 > 2.2 or relaxed.volume_A3_per_atom / 11 < 0.5


def test_a_model_that_breaks_down_is_reported_with_its_last_sane_state(tmp_path: Path) -> None:
    calculator = Fluid(0.3, bad_beyond=14.0)
    output = tmp_path / "bad.json"
    relax_crystals(calculator, model="bad", symbol="Ni", element=ELEMENTS["Ni"], output=output)
    for row in json.loads(output.read_text())["crystals"]:
        assert not row["converged"]
        assert 13 < row["volume_A3_per_atom"] <= 14
        assert row["energy_eV_per_atom"] == pytest.approx(-0.3 * row["volume_A3_per_atom"])


def test_forces_that_break_the_symmetry_are_reported() -> None:
    crystal = build_crystals("Ni", 11.0)[0]
    before = crystal.atoms.get_scaled_positions()
    relaxed = relax(crystal, Fluid(0.0, push=0.2))
    assert relaxed.largest_force_eV_per_A == pytest.approx(0.2)
    assert not relaxed.converged
    np.testing.assert_allclose(crystal.atoms.get_scaled_positions(), before, atol=1e-12)


def test_a_calculator_that_never_works_is_an_error() -> None:
    with pytest.raises(PotstillError, match=r"FCC Ni: .*not finite"):
        relax(build_crystals("Ni", 11.0)[0], Fluid(0.1, bad_beyond=1.0))
