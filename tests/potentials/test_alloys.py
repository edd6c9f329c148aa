"""EAM of several elements, and structures that are not periodic: against LAMMPS and itself."""

import dataclasses
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import ase
import ase.build
import numpy as np
import pytest
from ase.calculators.calculator import PropertyNotImplementedError
from lammps_engine import LammpsEam, lammps_table

from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.labels.label_source import make_calculator
from potstill.potentials.eam import EamPotential, Labels, label_frames
from potstill.potentials.eam_calculator import EAM
from potstill.potentials.eam_tables import wall_A
from potstill.potentials.setfl import format_setfl, read_setfl

# Every table with several elements that comes with LAMMPS.
ALLOYS = {
    "AlCu.eam.alloy": ("Al", "Cu"),
    "AlFe_mm.eam.fs": ("Al", "Fe"),
    "AlO.eam.alloy": ("Al", "O"),
    "CoAl.eam.alloy": ("Co", "Al"),
    "CuNi.eam.alloy": ("Ni", "Cu"),
    "CuTa.eam.alloy": ("Cu", "Ta"),
    "CuZr_mm.eam.fs": ("Cu", "Zr"),
    "FeP_mm.eam.fs": ("Fe", "P"),
    "NiAlH_jea.eam.alloy": ("Ni", "Al", "H"),
    "NiAlH_jea.eam.fs": ("Ni", "Al", "H"),
    "NiO.eam.fs": ("Ni", "O"),
    "VFe_mm.eam.fs": ("V", "Fe"),
}
# One of three elements, and one in Finnis-Sinclair's form.
THREE, SINCLAIR = "NiAlH_jea.eam.alloy", "FeP_mm.eam.fs"
SHEAR = np.array([[1.02, 0.0, 0.0], [0.21, 0.97, 0.0], [-0.13, 0.34, 1.05]])
PERIODIC = (True, True, True)
OPEN = {
    "slab": (True, True, False),
    "slab, first axis open": (False, True, True),
    "wire": (False, True, False),
    "cluster": (False, False, False),
}


@cache
def potential(name: str) -> EamPotential:
    return EamPotential.from_file(lammps_table(name), ALLOYS[name])


def lammps(name: str) -> LammpsEam:
    return LammpsEam(
        lammps_table(name), ALLOYS[name], "eam/fs" if name.endswith("fs") else "eam/alloy"
    )


def random_alloy(
    elements: tuple[str, ...],
    repeat: int = 2,
    *,
    spacing_A: float = 2.5,
    pbc: tuple[bool, ...] = PERIODIC,
    seed: int = 1,
) -> ase.Atoms:
    """A sheared FCC lattice of this distance, disordered, its sites taken at random.

    Some atoms are outside of the cell, along its periodic vectors.
    """
    random = np.random.default_rng(seed)
    made = ase.build.bulk("Ni", "fcc", a=spacing_A * 2**0.5, cubic=True) * repeat
    made.set_cell(made.cell.array @ SHEAR, scale_atoms=True)
    made.positions += random.normal(0, 0.12, made.positions.shape)
    made.symbols = random.permutation(np.resize(elements, len(made)))
    made.pbc = pbc
    made.positions[::3] += np.array([2, 1, -2]) * made.pbc @ made.cell.array
    return made


def labels(potential: EamPotential, *images: ase.Atoms, threads: int = 1) -> Labels:
    return potential.evaluate(Structures.of_atoms(images), threads=threads)


def assert_equal_to_lammps(
    potential: EamPotential, engine: LammpsEam, atoms: ase.Atoms, tolerance: float = 1e-7
) -> None:
    """Energies to the tolerance in eV, forces to 10 times as many eV/A; dE/d(strain) likewise."""
    found = labels(potential, atoms)
    energy, atomic, forces, virial = engine.evaluate(atoms)
    assert np.abs(forces).max() > 0.5
    assert found.energy[0] == pytest.approx(energy, abs=tolerance * len(atoms))
    np.testing.assert_allclose(found.atomic_energies, atomic, rtol=0, atol=tolerance)
    np.testing.assert_allclose(found.forces, forces, rtol=0, atol=10 * tolerance)
    if atoms.cell.volume:
        stress = virial / atoms.cell.volume
        np.testing.assert_allclose(found.stress[0], stress, rtol=0, atol=tolerance)
    else:
        assert np.isnan(found.stress).all()


@pytest.mark.parametrize("name", ALLOYS)
def test_equal_to_lammps(name: str) -> None:
    """In a sheared cell, in a dense one, and in one whose atoms see images of themselves."""
    elements = ALLOYS[name]
    for repeat, spacing in ((2, 2.5), (2, 2.0), (1, 2.5)):
        atoms = random_alloy(elements, repeat, spacing_A=spacing)
        assert_equal_to_lammps(potential(name), lammps(name), atoms)


@pytest.mark.parametrize("boundaries", OPEN)
@pytest.mark.parametrize("name", [THREE, SINCLAIR])
def test_open_boundaries_are_those_of_lammps(name: str, boundaries: str) -> None:
    """For several elements and for one, with and without a cell along the open directions."""
    pbc = OPEN[boundaries]
    atoms = random_alloy(ALLOYS[name], pbc=pbc)
    assert_equal_to_lammps(potential(name), lammps(name), atoms)
    atoms.cell[~atoms.pbc] = 0.0
    assert_equal_to_lammps(potential(name), lammps(name), atoms)
    atoms.symbols[:] = ALLOYS[name][0]
    assert_equal_to_lammps(potential(name), lammps(name), atoms, 1e-6)


@pytest.mark.parametrize(
    ("name", "element", "bond_A"), [(THREE, "H", 0.7), ("NiO.eam.fs", "O", 1.1)]
)
def test_bonds_of_light_elements_are_no_wall(name: str, element: str, bond_A: float) -> None:
    """A molecule alone, and beside an atom of metal. Metals have the wall that they always had."""
    molecule = ase.Atoms([element] * 2, [[0, 0, 0], [0.1, 0, bond_A]])
    metal = ase.Atoms("Ni", [[1.5, 0.2, 0.3]])
    assert_equal_to_lammps(potential(name), lammps(name), molecule, 1e-6)
    assert_equal_to_lammps(potential(name), lammps(name), molecule + metal)
    assert [wall_A(*pair) for pair in (("Ni", "Ni"), ("Be", "Be"), ("Al", "P"))] == [1.2] * 3


def test_densities_that_are_of_both_elements(tmp_path: Path) -> None:
    """Those of the tables at hand are the same either way, in this one iron puts down more."""
    table = read_setfl(lammps_table(SINCLAIR))
    density = table.density.copy()
    density[1, 0] *= 1.3
    path = tmp_path / "unlike.eam.fs"
    path.write_text(format_setfl(dataclasses.replace(table, density=density)))
    unlike, atoms = EamPotential.from_file(path, ("Fe", "P")), random_alloy(("Fe", "P"))
    assert_equal_to_lammps(unlike, LammpsEam(path, ("Fe", "P")), atoms)
    assert abs(labels(unlike, atoms).energy[0] - labels(potential(SINCLAIR), atoms).energy[0]) > 1


@pytest.mark.parametrize("pbc", [PERIODIC, *OPEN.values()], ids=["bulk", *OPEN])
@pytest.mark.parametrize("name", [THREE, SINCLAIR])
def test_forces_and_stress_are_derivatives_of_the_energy(name: str, pbc: tuple[bool, ...]) -> None:
    atoms = random_alloy(ALLOYS[name], pbc=pbc)
    found, step = labels(potential(name), atoms), 1e-4
    moved = []
    for place in np.ndindex(3, 3):
        for sign in (1, -1):
            here = atoms.copy()
            here.positions[place] += sign * step
            moved.append(here)
    strained = []
    for place in np.ndindex(3, 3):
        for sign in (1, -1):
            here, strain = atoms.copy(), np.eye(3)
            strain[place] += sign * step
            # vectors along which a structure is not periodic are only a measure of its volume
            here.set_cell(here.cell.array @ strain)
            here.positions = here.positions @ strain
            strained.append(here)
    energy = labels(potential(name), *moved, *strained).energy.reshape(2, 3, 3, 2)
    slope = (energy[..., 0] - energy[..., 1]) / (2 * step)
    np.testing.assert_allclose(found.forces[:3], -slope[0], rtol=0, atol=2e-5)
    np.testing.assert_allclose(found.stress[0] * atoms.cell.volume, slope[1], rtol=0, atol=1e-3)
    assert np.abs(slope).max() > 1


def test_images_are_complete() -> None:
    one = random_alloy(ALLOYS[THREE], 1)
    small, large = labels(potential(THREE), one), labels(potential(THREE), one * (2, 1, 3))
    np.testing.assert_allclose(large.atomic_energies, np.tile(small.atomic_energies, 6))
    np.testing.assert_allclose(large.forces, np.tile(small.forces, (6, 1)), atol=1e-9)
    np.testing.assert_allclose(large.stress, small.stress, atol=1e-12)


def test_the_order_of_atoms_and_elements_does_not_matter() -> None:
    atoms = random_alloy(ALLOYS[THREE])
    order = np.random.default_rng(2).permutation(len(atoms))
    again = EamPotential.from_file(lammps_table(THREE), ("Al", "H", "Ni"))
    assert again.elements == potential(THREE).elements == ("H", "Al", "Ni")
    one, other = labels(potential(THREE), atoms), labels(again, atoms[order])
    assert one.energy == pytest.approx(other.energy, abs=1e-10)
    np.testing.assert_allclose(one.forces[order], other.forces, rtol=0, atol=1e-10)
    same = np.flatnonzero(atoms.symbols == "Al")[:2]
    atoms.positions[same] = atoms.positions[same[::-1]]
    assert labels(potential(THREE), atoms).energy == pytest.approx(one.energy, abs=1e-10)


@pytest.mark.parametrize("name", [THREE, SINCLAIR])
def test_one_element_of_an_alloy_is_that_element_alone(name: str) -> None:
    """Byte by byte; and through the kernel of several, with an atom of another out of reach.

    That kernel's splines are the table's own. Two atoms are behind the wall, where functions go on
    straight; a dense cluster is beyond the embedding function's last value.
    """
    element, other = ALLOYS[name][:2]
    alone = EamPotential.from_file(lammps_table(name), element)
    crystal = random_alloy((element,))
    for one, whole in zip(labels(alone, crystal), labels(potential(name), crystal), strict=True):
        np.testing.assert_array_equal(one, whole)
    near = ase.Atoms([element] * 2, [[0, 0, 0], [0.9, 0.1, 0.2]])
    clusters = [
        near,
        *(random_alloy((element,), spacing_A=d, pbc=OPEN["cluster"]) for d in (2.5, 1.2)),
    ]
    free = labels(potential(name), ase.Atoms(other, [[0, 0, 0]])).energy[0]
    for cluster in clusters:
        both = cluster + ase.Atoms(other, [[40.0, 0, 0]])
        one, two = labels(alone, cluster), labels(potential(name), both)
        assert two.energy[0] - free == pytest.approx(one.energy[0], rel=1e-7, abs=1e-6)
        np.testing.assert_allclose(two.forces[:-1], one.forces, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(two.forces[-1], 0)


def test_each_pair_of_elements_has_the_range_of_its_own_functions(tables: dict[str, Path]) -> None:
    both = EamPotential.from_file(tables["Ni-Nb"], ("Nb", "Ni"))
    assert (both.elements, both.cutoff_A) == (("Ni", "Nb"), pytest.approx(6.9))
    far = [ase.Atoms(pair, [[0, 0, 0], [6.5, 0, 0]]) for pair in ("Ni2", "NiNb", "Nb2")]
    apart = [ase.Atoms(pair, [[0, 0, 0], [9.0, 0, 0]]) for pair in ("Ni2", "NiNb", "Nb2")]
    change = labels(both, *far).energy - labels(both, *apart).energy
    assert change[0] == 0 and change[2] != 0
    engine = LammpsEam(tables["Ni-Nb"], ("Ni", "Nb"))
    assert_equal_to_lammps(both, engine, random_alloy(both.elements))


def test_the_page_of_labels_runs_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs/labels.md").read_text()
    section = page.partition("## Alloys by an EAM table")[2]
    shutil.copy(lammps_table(THREE), tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(section.partition("```python\n")[2].partition("```")[0], names)
    atoms = names["atoms"]
    expected = lammps(THREE).evaluate(atoms)[0]
    assert atoms.get_potential_energy() == pytest.approx(expected, abs=1e-9)


def test_a_set_of_all_kinds_is_labelled_as_each_alone() -> None:
    images = [
        random_alloy(elements, repeat, pbc=pbc, seed=seed)
        for seed, (elements, repeat, pbc) in enumerate(
            [
                (("Ni", "Al", "H"), 2, PERIODIC),
                (("Al",), 1, PERIODIC),
                (("Ni", "H"), 1, OPEN["slab"]),
                (("Ni",), 1, OPEN["cluster"]),
                (("Ni", "Al"), 2, OPEN["wire"]),
            ]
        )
    ]
    images[2].cell[2] = 0.0
    structures = Structures.of_atoms(images)
    frames = label_frames(potential(THREE), structures, threads=2)
    np.testing.assert_array_equal(frames.has("stress"), [True, True, False, True, True])
    np.testing.assert_array_equal(frames.stress[2], 0)
    for k, image in enumerate(images):
        image.calc = EAM(potential(THREE))
        here = frames.of_atoms_in(k)
        assert frames.energy[k] == image.get_potential_energy()
        np.testing.assert_array_equal(frames.forces[here], image.get_forces())
        np.testing.assert_array_equal(frames.atomic_energies[here], image.get_potential_energies())
        if k == 2:
            with pytest.raises(PropertyNotImplementedError):
                image.get_stress()
        else:
            np.testing.assert_allclose(frames.stress[k], image.get_stress(voigt=False), rtol=1e-12)
    alone = label_frames(potential(THREE), structures.structures([2]))
    assert alone.stress is None


def test_a_configuration_names_a_table_as_the_calculator_of_labels() -> None:
    path = "potstill.potentials.eam_calculator.eam_table"
    given = {"table": str(lammps_table(THREE)), "elements": ["Ni", "Al"]}
    atoms = random_alloy(("Ni", "Al"))
    expected = labels(potential(THREE), atoms).energy[0]
    assert make_calculator("labels.NiAl", path, given).get_potential_energy(atoms) == expected
    for change, told in (
        ({"elements": ["Ni", "Cu"]}, "the EAM table has no Cu, only Ni, Al, H"),
        ({"table": "nowhere"}, r"cannot read the EAM table nowhere \(No such file"),
    ):
        with pytest.raises(PotstillError, match=rf"^labels\.NiAl\.arguments: {told}"):
            make_calculator("labels.NiAl", path, given | change)


def test_what_cannot_be_labelled_or_sampled_is_named() -> None:
    good, other = random_alloy(("Ni", "Al"), 1), random_alloy(("Ni", "Al"), 1)
    other.symbols[2] = "Cu"
    with pytest.raises(PotstillError, match=r"frame 1: atom 2 is Cu, and .* of H, Al, Ni; make"):
        labels(potential(THREE), good, other)
    other = good.copy()
    other.positions[3] = other.positions[1] + 2 * other.cell[1]
    with pytest.raises(PotstillError, match="frame 1: atoms 1 and 3 are on one spot"):
        labels(potential(THREE), good, other)
    with pytest.raises(PotstillError, match="has no Cu, only Ni, Al, H"):
        EamPotential.from_file(lammps_table(THREE), ("Cu", "Ni"))
    for read in ("symbol", "mass_u", "dynamics_tables"):
        with pytest.raises(PotstillError, match=r"of H, Al, Ni, where .*labelled, not sampled"):
            getattr(potential(THREE), read)
