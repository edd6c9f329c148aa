"""Properties: a model of bonds with exact answers, the EAM's known values, and what goes wrong."""

import json
import math
from pathlib import Path

import ase
import ase.build
import ase.data
import numpy as np
import pytest
from ase import units
from ase.calculators.calculator import Calculator, all_changes
from ase.spacegroup import crystal
from ase.stress import full_3x3_to_voigt_6_stress
from matscipy.neighbours import neighbour_list

from potstill import properties
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential
from potstill.potentials.eam_calculator import EAM
from potstill.properties import Conditions, Measured, Value, find, liquid, measure
from potstill.properties.metal import Metal
from potstill.properties.stacking_order import close_packed
from potstill.relaxation.crystals import build_crystals
from potstill.relaxation.relax import relax
from potstill.settings import Element, PropertySettings

ELEMENTS = {
    "Ni": Element(table="Ni-Nb", structure="fcc", lattice_constant_A=3.51623),
    "Al": Element(table="Al", structure="fcc", lattice_constant_A=4.04526),
    "Nb": Element(table="Ni-Nb", structure="bcc", lattice_constant_A=3.30237),
}
# exact values of these EAM tables: GPa, eV, mJ/m2
REFERENCE = {
    "Ni": {
        "C11": 240.1, "C12": 157.1, "C44": 123.5, "vacancy formation energy": 1.919,
        "surface 111": 1305, "surface 100": 1496, "surface 110": 1744,
        "intrinsic stacking fault": 82,
    },
    "Al": {
        "C11": 110.7, "C12": 61.7, "C44": 32.8, "vacancy formation energy": 0.659,
        "surface 111": 428, "surface 100": 497, "surface 110": 581,
        "intrinsic stacking fault": 127,
    },
    "Nb": {
        "C11": 242.8, "C12": 132.7, "C44": 92.4, "vacancy formation energy": 2.670,
        "surface 110": 2077, "surface 100": 2235, "surface 111": 2483,
    },
}  # fmt: skip
# of relaxed crystals, from two independent engines, meV/atom
HCP_ABOVE_FCC = {"Ni": 13.46, "Al": 27.52, "Nb": -44.52}


def conditions_at(kelvin: float, seed: int = 1, **settings: object) -> Conditions:
    return Conditions(PropertySettings(liquid_temperature_K=kelvin, **settings), seed)


AT_300_K = conditions_at(300.0)

BOND_A, BOND_EV, SPRING = 2.5, 0.6, 1.8


class Bonds(Calculator):
    """Bonds of nearest neighbours: -BOND_EV at BOND_A, with springs; nothing beyond.

    No atom of a close packing feels a force wherever others are missing, so that everything but
    the springs is a count of bonds.
    """

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        i, r, vector = neighbour_list("idD", self.atoms, 1.2 * BOND_A)
        tension = SPRING * (r - BOND_A)
        pull = (tension / r)[:, None] * vector
        forces = np.zeros((len(self.atoms), 3))
        np.add.at(forces, i, pull)
        stress = 0.5 * pull.T @ vector / self.atoms.get_volume()
        self.results = {
            "energy": 0.5 * float((-BOND_EV + tension**2 / (2 * SPRING)).sum()),
            "forces": forces,
            "stress": full_3x3_to_voigt_6_stress(stress),
        }


def values(metal: Metal, *names: str, conditions: Conditions = AT_300_K) -> dict[str, float]:
    """Return the values of some properties by name."""
    measured = [find(name).measure(metal, conditions) for name in names]
    return {value.name: value.value for found in measured for value in found.values}


@pytest.fixture(scope="module")
def bonds() -> Metal:
    start = Element(table="none", structure="fcc", lattice_constant_A=3.6)
    return Metal.relaxed("Ni", start, Bonds())


@pytest.fixture(scope="module")
def hexagonal_bonds() -> Metal:
    start = Element(table=None, structure="hcp", lattice_constant_A=2.6, c_over_a=1.6)
    return Metal.relaxed("Mg", start, Bonds())


@pytest.fixture(scope="module")
def eam(tables: dict[str, Path]) -> dict[str, Metal]:
    return {
        symbol: Metal.relaxed(
            symbol, element, EAM(EamPotential.from_file(tables[element.table], symbol))
        )
        for symbol, element in ELEMENTS.items()
    }


def test_crystal_of_bonds_is_exact(bonds: Metal) -> None:
    a = math.sqrt(2) * BOND_A
    found = values(bonds, "equation_of_state", "elastic_constants", "stacking_order")
    assert found["lattice constant"] == pytest.approx(a, rel=1e-5)
    assert found["energy of an atom"] == pytest.approx(-6 * BOND_EV)
    stiffness = SPRING / a / units.GPa
    assert found["C11"] == pytest.approx(2 * stiffness, rel=2e-3)
    assert found["C12"] == pytest.approx(stiffness, rel=2e-3)
    assert found["C44"] == pytest.approx(stiffness, rel=2e-3)
    assert found["bulk modulus"] == pytest.approx(4 / 3 * stiffness, rel=2e-3)
    assert found["HCP above FCC"] == pytest.approx(0, abs=1e-3)
    assert found["DHCP above FCC"] == pytest.approx(0, abs=1e-3)


def test_hexagonal_crystal_of_bonds_is_exact(hexagonal_bonds: Metal) -> None:
    """Elastic constants are as 29 : 11 : 8 : 32 : 8, those of FCC turned and relaxed within."""
    found = values(
        hexagonal_bonds, "equation_of_state", "elastic_constants", "stacking_order", "vacancy",
        "surfaces",
    )  # fmt: skip
    assert found["lattice constant"] == pytest.approx(BOND_A, rel=1e-4)
    assert found["c/a"] == pytest.approx(math.sqrt(8 / 3), rel=1e-4)
    assert found["energy of an atom"] == pytest.approx(-6 * BOND_EV)
    unit = SPRING / (math.sqrt(2) * BOND_A) / units.GPa / 12
    for name, times in {"C11": 29, "C12": 11, "C13": 8, "C33": 32, "C44": 8}.items():
        assert found[name] == pytest.approx(times * unit, rel=5e-3), name
    bulk = 2 * (found["C11"] + found["C12"]) + 4 * found["C13"] + found["C33"]
    assert found["bulk modulus"] == pytest.approx(bulk / 9, rel=5e-3)
    assert found["HCP above FCC"] == pytest.approx(0, abs=1e-3)
    assert found["vacancy formation energy"] == pytest.approx(6 * BOND_EV, abs=1e-5)
    per_area = BOND_EV / BOND_A**2 / (units.kJ / units.m**2) * 1e6
    assert found["surface 0001"] == pytest.approx(1.5 * per_area / (math.sqrt(3) / 2), rel=1e-4)


def test_phonons_of_hexagonal_bonds_are_exact(hexagonal_bonds: Metal) -> None:
    """At A each layer moves as one: two springs along z to either side, half of one across."""
    found = values(hexagonal_bonds, "phonons", conditions=conditions_at(300.0, phonon_cells=4))
    one = math.sqrt(SPRING / ase.data.atomic_masses[12]) * 1e3 * units.fs / (2 * math.pi)
    assert found["phonon A, branch 1"] == pytest.approx(one, rel=2e-3)
    assert found["phonon A, branch 5"] == pytest.approx(2 * one, rel=2e-3)
    small = values(hexagonal_bonds, "phonons", conditions=conditions_at(300.0, phonon_cells=2))
    assert {k: v for k, v in small.items() if " M" in k} == pytest.approx(
        {k: v for k, v in found.items() if " M" in k}, rel=1e-3
    )


def test_defects_of_bonds_are_counts(bonds: Metal) -> None:
    found = values(bonds, "vacancy", "surfaces", "stacking_fault")
    assert found["vacancy formation energy"] == pytest.approx(6 * BOND_EV, abs=1e-5)
    # half of the bonds that an atom of each surface lacks, over its area
    per_area = BOND_EV / BOND_A**2 / (units.kJ / units.m**2) * 1e6
    assert found["surface 111"] == pytest.approx(1.5 * per_area / (math.sqrt(3) / 2), rel=1e-4)
    assert found["surface 100"] == pytest.approx(2 * per_area, rel=1e-4)
    assert found["surface 110"] == pytest.approx(3 * per_area / math.sqrt(2), rel=1e-4)
    assert found["intrinsic stacking fault"] == pytest.approx(0, abs=1e-2)


def test_phonons_of_bonds_are_exact(bonds: Metal) -> None:
    found = values(bonds, "phonons")
    # sqrt(eV/A^2/u) is a frequency in ASE's units of time
    angular = math.sqrt(SPRING / ase.data.atomic_masses[28]) * 1e3 * units.fs
    one = angular / (2 * math.pi)
    expected = {"X, branch 1": 4, "X, branch 3": 8, "L, branch 1": 2, "L, branch 3": 8}
    for name, factor in expected.items():
        assert found[f"phonon {name}"] == pytest.approx(math.sqrt(factor) * one, rel=2e-3)


@pytest.mark.parametrize("symbol", sorted(ELEMENTS))
def test_eam_has_its_known_values(eam: dict[str, Metal], symbol: str) -> None:
    found = values(
        eam[symbol], "elastic_constants", "vacancy", "surfaces", "stacking_fault", "stacking_order"
    )
    tolerance = {"C": 0.005, "s": 0.002}
    for name, exact in REFERENCE[symbol].items():
        if name in ("vacancy formation energy", "intrinsic stacking fault"):
            continue
        assert found[name] == pytest.approx(exact, rel=tolerance[name[0]]), name
    vacancy = REFERENCE[symbol]["vacancy formation energy"]
    assert found["vacancy formation energy"] == pytest.approx(vacancy, abs=2e-3)
    assert found["HCP above FCC"] == pytest.approx(HCP_ABOVE_FCC[symbol], abs=0.05)
    if symbol == "Nb":
        assert "intrinsic stacking fault" not in found
    else:
        fault = REFERENCE[symbol]["intrinsic stacking fault"]
        assert found["intrinsic stacking fault"] == pytest.approx(fault, abs=0.5)


@pytest.mark.parametrize("symbol", sorted(ELEMENTS))
def test_bulk_modulus_is_that_of_the_elastic_constants(eam: dict[str, Metal], symbol: str) -> None:
    found = values(eam[symbol], "equation_of_state", "elastic_constants")
    assert found["bulk modulus"] == pytest.approx((found["C11"] + 2 * found["C12"]) / 3, rel=5e-3)


def test_stackings_are_what_their_names_say(eam: dict[str, Metal]) -> None:
    nickel = eam["Ni"]
    volume = 10.9
    fcc = nickel.attached(close_packed("Ni", "ABC", volume))
    cubic = nickel.crystal(volume)
    assert len(fcc) == 6 and fcc.get_volume() / 6 == pytest.approx(volume)
    energy = cubic.get_potential_energy() / 4
    assert fcc.get_potential_energy() / 6 == pytest.approx(energy, abs=1e-9)
    own = nickel.attached(close_packed("Ni", "ABAC", volume))
    a, c = own.cell.lengths()[[0, 2]]
    sites = [(0, 0, 0), (1 / 3, 2 / 3, 0.25)]
    dhcp = crystal(["Ni", "Ni"], sites, spacegroup=194, cellpar=[a, a, c, 90, 90, 120])
    energy = nickel.attached(dhcp).get_potential_energy() / 4
    assert own.get_potential_energy() / 8 == pytest.approx(energy, abs=1e-9)


def test_crystals_of_small_cells_are_those_of_large_ones(eam: dict[str, Metal]) -> None:
    """Energies above the own crystal and volumes, against larger cells, of an fcc and a bcc metal.

    For bcc niobium HCP lies above neither, which a name must not hide.
    """
    for symbol, other in (("Ni", "BCC"), ("Nb", "FCC")):
        metal = eam[symbol]
        found = values(metal, "crystal_structures")
        own = metal.structure.upper()
        assert f"{own} above {own}" not in found
        for large in build_crystals(symbol, metal.reference_volume_A3)[:3]:
            exact, name = relax(large, metal.calculator), large.structure
            volume = found[f"{name}, volume of an atom"]
            assert volume == pytest.approx(exact.volume_A3_per_atom, rel=1e-4)
            if name in (other, "HCP"):
                above = 1e3 * (exact.energy_eV_per_atom - metal.energy_eV)
                assert found[f"{name} above {own}"] == pytest.approx(above, abs=0.01)


def test_sizes_are_those_that_are_asked_for(bonds: Metal, monkeypatch) -> None:
    sizes = []
    monkeypatch.setattr(
        Metal, "excess_energy", lambda self, atoms, **_: sizes.append(len(atoms)) or 0.0
    )
    for edge in (6.0, 13.0):
        find("vacancy").measure(bonds, conditions_at(300.0, vacancy_edge_A=edge))
    assert sizes == [4 * 2**3 - 1, 4 * 4**3 - 1]
    small, usual = (
        values(bonds, "phonons", conditions=conditions_at(300.0, phonon_cells=cells))
        for cells in (2, 4)
    )
    # bonds reach no further than the small cell, and X and L fit into both
    assert small == pytest.approx(usual, rel=1e-4)


def test_an_equal_curve_has_no_difference_and_a_shifted_one_its_own() -> None:
    eos = find("equation_of_state")
    name = "energy_above_minimum_eV_per_atom"
    (value,) = eos.compare({name: [0.003, 0.001]}, {name: [0.0, 0.002]})
    assert value.value == pytest.approx(math.sqrt(5))
    phonons = find("phonons")
    exact = {"mesh_frequency_THz": [1.0, 2.0], "mesh_weight": [3.0, 1.0]}
    (value,) = phonons.compare({"mesh_frequency_THz": [1.0, 2.4]}, exact)
    assert value.value == pytest.approx(0.2)
    g = {"r_A": [0.5, 0.6], "g": [1.0, 2.0], "g_standard_error": [0.3, 0.0]}
    other = {"r_A": [0.5, 0.6], "g": [1.5, 1.8], "g_standard_error": [0.4, 0.0]}
    difference, noise = liquid.compare(g, other)
    assert difference.value == pytest.approx(0.07)
    assert noise.value == pytest.approx(0.05 * math.sqrt(2 / math.pi))


def test_radial_distribution_counts_neighbours() -> None:
    """Of a crystal, its shells; it does not end at half of the cell."""
    a = 4.0
    atoms = ase.build.bulk("Al", cubic=True, a=a).repeat(2)
    edges = np.linspace(0, 4.5, 91)
    g = liquid._histogram(atoms, edges)
    around = g * 4 / a**3 * 4 / 3 * np.pi * np.diff(edges**3)
    assert around.sum() == pytest.approx(12 + 6)
    assert around[edges[:-1] < 3.5].sum() == pytest.approx(12)


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liquid, "MELT_PS", 0.5)
    monkeypatch.setattr(liquid, "EQUILIBRATION_PS", 0.5)
    monkeypatch.setattr(liquid, "SAMPLING_PS", 1.0)
    monkeypatch.setattr(liquid, "RUNS", 2)


def test_liquid_nickel(eam: dict[str, Metal], short_runs: None) -> None:
    """Volume and energy of plain NPT runs with another engine, and of no crystal."""
    found = find("liquid").measure(eam["Ni"], conditions_at(3000.0))
    volume, energy = found.values
    assert volume.value == pytest.approx(13.55, abs=0.6)
    assert energy.value == pytest.approx(-4.172 + 4.876, abs=0.06)
    assert 0 < volume.uncertainty < 0.4
    assert max(found.curves["g"]) == pytest.approx(2.2, abs=0.3)


def test_same_seed_same_liquid(eam: dict[str, Metal], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MELT_PS", "EQUILIBRATION_PS", "SAMPLING_PS"):
        monkeypatch.setattr(liquid, name, 0.15)
    monkeypatch.setattr(liquid, "LEAST_DISPLACEMENT", 0.0)
    first, second, other = (
        find("liquid").measure(eam["Ni"], conditions_at(3000.0, seed)) for seed in (1, 1, 2)
    )
    assert first == second != other


def test_what_does_not_melt_is_no_liquid(eam: dict[str, Metal], short_runs: None) -> None:
    with pytest.raises(PotstillError, match="no liquid: atoms keep their places"):
        find("liquid").measure(eam["Al"], AT_300_K)


def test_a_defect_that_becomes_another_is_refused(bonds: Metal) -> None:
    atoms = bonds.crystal().repeat(2)
    atoms.positions[3, 0] += 0.7 * BOND_A
    with pytest.raises(PotstillError, match="left its place"):
        bonds.excess_energy(atoms)


def test_a_crystal_that_does_not_relax_is_an_error() -> None:
    class Loose(Bonds):
        def calculate(self, *args, **kwargs) -> None:
            super().calculate(*args, **kwargs)
            self.results["stress"] = -np.ones(6) * 0.1

    start = Element(table="none", structure="fcc", lattice_constant_A=3.6)
    with pytest.raises(PotstillError, match="fcc crystal of Ni does not relax"):
        Metal.relaxed("Ni", start, Loose())


def test_all_go_into_one_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Fine:
        def measure(self, metal: Metal, conditions: Conditions) -> Measured:
            return Measured([Value("seed", "A", float(conditions.seed))], {"x": [1.0]})

    class Broken:
        def measure(self, metal: Metal, conditions: Conditions) -> Measured:
            raise PotstillError("it fell apart")

    monkeypatch.setattr(measure, "find", {"vacancy": Fine(), "phonons": Broken()}.__getitem__)
    asked = conditions_at(300.0, measure=("vacancy", "phonons"))
    output = tmp_path / "model/Ni.json"
    element = Element(table="none", structure="fcc", lattice_constant_A=3.6)
    measure.measure_properties(
        Bonds(), model="model", symbol="Ni", element=element, conditions=asked, output=output
    )
    seed = {"name": "seed", "unit": "A", "value": 1.0, "uncertainty": None}
    assert json.loads(output.read_text()) == {
        "model": "model",
        "symbol": "Ni",
        "properties": {
            "vacancy": {"values": [seed], "curves": {"x": [1.0]}},
            "phonons": {"failed": "it fell apart"},
        },
    }


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError("No module named 'phonopy'", name="phonopy")

    monkeypatch.setattr(properties.importlib, "import_module", missing)
    with pytest.raises(PotstillError, match=r"phonons needs phonopy; pip install 'potstill\["):
        find("phonons")
