"""The data check on frames of two elements, many sizes and all boundaries: faults are found."""

from dataclasses import replace
from pathlib import Path

import ase
import numpy as np
import pytest
from ase import units
from ase.build import bulk
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list

from potstill.audit.data_check import check_data
from potstill.audit.lengths import free_atoms, judged_ratio
from potstill.audit.repeats import repeats
from potstill.data.frames import Frames
from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential, label_frames
from potstill.settings import Training

SETTINGS = Training()
NICKEL, NIOBIUM = 28, 41
COUNT, FREE = 480, (7, 211)


def image(number: int, random: np.random.Generator) -> ase.Atoms:
    """Return a crystal of nickel, niobium or both; some are slabs, wires or clusters."""
    kind = number % 3
    unit = bulk("Ni", "fcc", a=3.55, cubic=True) if kind else bulk("Nb", "bcc", a=3.3, cubic=True)
    atoms = unit.repeat(((1, 1, 1), (2, 1, 1), (2, 2, 1))[number // 3 % 3])
    if kind == 2:
        atoms.numbers[:] = random.choice([NICKEL, NIOBIUM], len(atoms))
        share = np.mean(atoms.numbers == NIOBIUM)
        atoms.set_cell(atoms.cell * (1 + 0.08 * share), scale_atoms=True)
    strain = np.eye(3) + 0.02 * random.normal(size=(3, 3)) + random.uniform(-0.03, 0.05) * np.eye(3)
    atoms.set_cell(atoms.cell @ strain, scale_atoms=True)
    atoms.positions += random.uniform(0.03, 0.1) * random.normal(size=atoms.positions.shape)
    if number % 8 == 5:
        atoms.pbc[: 1 + number % 24 // 8] = False
    return atoms


@pytest.fixture(scope="module")
def mixed(tables: dict[str, Path]) -> Frames:
    """Frames of 1 to 16 atoms, two of them free atoms; a third of them lack a label."""
    random = np.random.default_rng(2)
    images = [image(number, random) for number in range(COUNT)]
    for number, symbol in zip(FREE, ("Ni", "Nb"), strict=True):
        images[number] = ase.Atoms(symbol, cell=np.eye(3) * (14 + number / 10), pbc=True)
    potential = EamPotential.from_file(tables["Ni-Nb"], ("Ni", "Nb"))
    made = label_frames(potential, Structures.of_atoms(images))
    number = np.arange(COUNT)
    lacking = {**made.lacking, "forces": number % 9 == 4, "energy": number % 7 == 3}
    return replace(made, lacking=lacking)


def assert_nothing_wrong(said: str) -> None:
    """Frames of large forces may be named, as some cells are small and far from equilibrium."""
    assert not [line for line in said.splitlines() if "data check" in line and " far " not in line]


def test_good_frames_of_all_kinds_pass(mixed: Frames, capsys: pytest.CaptureFixture[str]) -> None:
    found = check_data(mixed, SETTINGS)
    assert_nothing_wrong(capsys.readouterr().err)
    assert found["forces_explained"] > 0.8 and found["energies_explained"] > 0.9
    assert found["energy_factor"] == pytest.approx(1, abs=0.5)
    assert 0.8 < found["nearest_neighbour_ratio"] < 1.2
    assert not found["outlying_energies"] and not found["duplicates"]
    some = mixed[mixed.has("stress") & mixed.pbc.all(axis=1)]
    check_data(some, Training(stress_weight=0.1))
    assert_nothing_wrong(capsys.readouterr().err)


def test_each_element_alone_passes(mixed: Frames, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (NICKEL, NIOBIUM):
        of = [f for f in range(COUNT) if set(mixed.species[mixed.of_atoms_in(f)]) == {number}]
        found = check_data(mixed[of], SETTINGS)
        assert found["forces_explained"] > 0.8
    assert_nothing_wrong(capsys.readouterr().err)


def test_free_atoms_have_no_neighbours(mixed: Frames) -> None:
    assert np.flatnonzero(free_atoms(mixed, 6.0)).tolist() == list(FREE)
    two = mixed[[7, 8]]
    assert judged_ratio(two, 6.0) == judged_ratio(mixed[[8]], 6.0)
    with pytest.raises(PotstillError, match="no atom has a neighbour within 6 A"):
        judged_ratio(mixed[[7]], 6.0)


def test_distances_are_those_of_ase(mixed: Frames) -> None:
    """Whatever is periodic; of a pair the radii of both count."""
    ratios = []
    for f in range(60, 100):
        atoms = mixed.image(f)
        i, j, d = neighbor_list("ijd", atoms, 6.0)
        for atom in range(len(atoms)):
            if (mine := np.flatnonzero(i == atom)).size:
                nearest = mine[np.argmin(d[mine])]
                radii = covalent_radii[atoms.numbers[[atom, j[nearest]]]]
                ratios.append(d[nearest] / radii.sum())
    assert judged_ratio(mixed[60:100], 6.0) == pytest.approx(np.median(ratios), rel=1e-12)


@pytest.mark.parametrize(
    ("poison", "told"),
    [
        (
            lambda f: replace(f, energy=np.random.default_rng(0).permutation(f.energy)),
            "% of the energies follow",
        ),
        (lambda f: replace(f, energy=f.energy / f.sizes), "multiply each by its frame's number"),
        (lambda f: replace(f, energy=f.energy / units.Hartree), "energies in Hartree"),
        (lambda f: replace(f, forces=np.roll(f.forces, 5, axis=0)), "% of the forces follow"),
        (lambda f: replace(f, forces=f.forces * units.Bohr / units.Ry), "Rydberg/bohr"),
        (lambda f: replace(f, forces=-f.forces), "forces of the wrong sign"),
        (
            lambda f: replace(f, positions=f.positions / units.Bohr, cell=f.cell / units.Bohr),
            "positions and cell must be in A",
        ),
        (lambda f: replace(f, positions=f.positions * 10, cell=f.cell * 10), "no atom has a neigh"),
    ],
)
def test_a_fault_of_all_frames_is_refused(mixed: Frames, poison, told: str) -> None:
    with pytest.raises(PotstillError, match=told):
        check_data(poison(mixed), SETTINGS)


def with_energy(frames: Frames, which: slice, change) -> Frames:
    energy = frames.energy.copy()
    energy[which] = change(energy[which])
    return replace(frames, energy=energy)


def in_bohr(frames: Frames, which: int) -> Frames:
    unit = np.where(np.arange(len(frames)) == which, 1 / units.Bohr, 1.0)
    of_atoms = np.repeat(unit, frames.sizes)[:, None]
    return replace(
        frames, positions=frames.positions * of_atoms, cell=frames.cell * unit[:, None, None]
    )


def of_other_species(frames: Frames, which: list[int]) -> Frames:
    species = frames.species.copy()
    rows = frames.rows(which)
    species[rows] = NICKEL + NIOBIUM - species[rows]
    return replace(frames, species=species)


@pytest.mark.parametrize(
    ("poison", "which", "kind"),
    [
        # calculations that did not converge: some eV an atom too high, as many others are
        (
            lambda f: replace(f, energy=f.energy + 3.0 * f.sizes * (np.arange(COUNT) % 24 == 12)),
            list(range(12, COUNT, 24)),
            "unexplained_energies",
        ),
        (lambda f: of_other_species(f, [49, 97]), [49, 97], "unexplained_energies"),
        (
            lambda f: with_energy(f, 50, lambda e: e / units.Hartree),
            [50],
            "unexplained_energies",
        ),
        (
            lambda f: with_energy(
                replace(f, energy=f.energy - 3000.0 * f.sizes), 50, lambda e: e / units.Hartree
            ),
            [50],
            "outlying_energies",
        ),
        (
            lambda f: in_bohr(f, 60),
            [60],
            "outlying_lengths",
        ),
    ],
)  # fmt: skip
def test_a_fault_of_some_frames_names_them(
    mixed: Frames, capsys: pytest.CaptureFixture[str], poison, which: list[int], kind: str
) -> None:
    labelled = [f for f in which if mixed.has("energy")[f] or kind == "outlying_lengths"]
    found = check_data(poison(mixed), SETTINGS)
    assert found[kind] == labelled
    said = capsys.readouterr().err
    assert f"data check: frame{'s' * (len(labelled) > 1)} {labelled[0]}" in said
    assert "labels may be wrong" not in said


def test_elements_that_are_exchanged_are_a_warning(
    mixed: Frames, capsys: pytest.CaptureFixture[str]
) -> None:
    check_data(of_other_species(mixed, list(range(COUNT))), SETTINGS)
    said = capsys.readouterr().err
    assert "data check: Ni and Nb may be exchanged: " in said


def test_duplicates_are_told_apart_by_atoms_and_boundaries(mixed: Frames) -> None:
    assert repeats(mixed[[5, 8, 5, 8, 9]]) == [2, 3]
    again = mixed[[0, 0, 0]]
    other = replace(again, species=again.species.copy(), pbc=again.pbc.copy())
    other.species[: mixed.sizes[0]] = NICKEL
    other.pbc[2] = False
    assert repeats(other) == []
