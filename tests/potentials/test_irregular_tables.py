"""Tables as others write them: read as LAMMPS reads them, or refused with the true reason."""

from pathlib import Path

import numpy as np
import pytest
import torch
from ase.build import bulk
from lammps_engine import LammpsEam
from toy_table import DENSITY, PAIR, READ, REFUSED, mesh, toy_table

from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential
from potstill.potentials.setfl import format_setfl, numbers_sha256, parse_setfl, read_setfl
from potstill.sampling.torch_eam import TorchTables, build_neighbours, energy_forces

BOX = 30.0 * np.eye(3)


def crystal() -> tuple[np.ndarray, np.ndarray]:
    made = bulk("Cu", "fcc", 3.7, cubic=True).repeat(2)
    made.positions += np.random.default_rng(0).normal(0, 0.2, (32, 3))
    return made.positions, np.asarray(made.cell)


def dimer(distance: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([[1.0, 1.0, 1.0], [1.0 + distance, 1.0, 1.0]]), BOX


def copper(x: np.ndarray, cell: np.ndarray) -> Structures:
    return Structures.uniform("Cu", x[None], cell[None])


def frames() -> list[tuple[np.ndarray, np.ndarray]]:
    return [crystal(), *map(dimer, (0.9, 2.4, 4.9, 5.45, 5.55, 5.97, 6.3))]


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "toy.eam.alloy"
        path.write_bytes(text.encode(encoding))
        return path

    return written


def assert_equal_to_lammps(path: Path, first_A: float = 1.2) -> None:
    potential = EamPotential.from_file(path, "Cu")
    engine = LammpsEam(path, "Cu", "eam/alloy")
    for x, cell in frames():
        if len(x) == 2 and x[1, 0] - x[0, 0] < first_A:
            continue  # the wall that is ours alone
        labels = potential.evaluate(copper(x, cell))
        energy, _, forces, _ = engine.evaluate(copper(x, cell).image(0))
        assert labels.energy[0] / len(x) == pytest.approx(energy / len(x), abs=1e-6)
        np.testing.assert_allclose(labels.forces, forces, rtol=0, atol=1e-4)


@pytest.mark.parametrize("case", READ)
def test_what_lammps_reads_has_its_energies(write, case: str) -> None:
    assert_equal_to_lammps(write(READ[case]))


def test_any_line_ending_and_encoding_is_the_same_table(write) -> None:
    """LAMMPS crashes on the first; latin-1 it reads."""
    expected = numbers_sha256(toy_table())
    returns = read_setfl(write(toy_table().replace("\n", "\r")))
    assert numbers_sha256(format_setfl(returns)) == expected
    path = write(toy_table(head=("toy", "f\xfcr Versuche", "")), "latin-1")
    assert read_setfl(path).comments[1] == "f\xfcr Versuche"
    assert_equal_to_lammps(path)


def test_the_hash_is_of_what_is_read() -> None:
    expected = numbers_sha256(toy_table())
    same = ["text after the lattice", "text after the mesh", "words at the end", "blank lines"]
    for case in [*same, "one value a line", "byte order mark", "comments between functions"]:
        assert numbers_sha256(READ[case]) == expected, case
    for case in ("atomic number 0", "no lattice", "cut-off inside the mesh", "negative density"):
        assert numbers_sha256(READ[case]) != expected, case
    for case, text in READ.items():
        again = format_setfl(parse_setfl(text, case))
        assert numbers_sha256(again) == numbers_sha256(text), case


@pytest.mark.parametrize("case", REFUSED)
def test_what_lammps_refuses_is_refused_with_the_true_reason(case: str) -> None:
    text, reason = REFUSED[case]
    with pytest.raises(PotstillError, match=f"^given: .*{reason}") as caught:
        parse_setfl(text, "given")
    assert "\n" not in str(caught.value) and "fetch" not in str(caught.value)


def test_numbers_left_over_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    parse_setfl(READ["embedding too long by one line"], "given")
    assert (
        "given: the table has more numbers than its mesh says, 1 are left"
        in capsys.readouterr().err
    )
    parse_setfl(READ["words at the end"], "given")
    assert capsys.readouterr().err == ""


def test_functions_that_do_not_end_at_zero_before_the_cut_off_are_refused(write) -> None:
    """LAMMPS holds the last value there, with forces that are not the slope of it."""
    path = write(toy_table(mesh=mesh(6.6), density=DENSITY + 0.01))
    with pytest.raises(PotstillError, match=r"Cu end at 6.03774 A, before its cut-off of 6.6 A"):
        EamPotential.from_file(path, "Cu")
    assert_equal_to_lammps(write(toy_table(mesh=mesh(5.5), density=DENSITY + 0.01)))


def test_an_infinite_value_at_zero_that_reaches_the_atoms_is_refused(write) -> None:
    every = 20
    coarse = f"120 0.05 8 {0.03773584905660377 * every!r} 5.2"
    text = toy_table(
        mesh=coarse, density=np.append(np.inf, DENSITY[every::every]), pair=PAIR[::every]
    )
    with pytest.raises(PotstillError, match="not finite at distance 0"):
        EamPotential.from_file(write(text), "Cu")


def test_both_engines_take_the_same_rows_for_any_density(write) -> None:
    """Below the first node, beyond the last, and the wall: the compiled kernel and torch."""
    potential = EamPotential.from_file(write(READ["negative density"]), "Cu")
    for x, _ in frames():
        edge = 7.4 if len(x) > 2 else 30.0
        labels = potential.evaluate(copper(x, edge * np.eye(3)))
        place, length = torch.tensor(x.T[:, None].copy()), torch.tensor([edge], dtype=torch.float64)
        lists = build_neighbours(place, length, potential.cutoff_A)
        if lists.partner.shape[-1] == 0:
            continue
        tables = TorchTables.of(potential.tables[0], torch.device("cpu"))
        energy, forces = energy_forces(place, length, lists, tables)
        assert energy.item() == pytest.approx(labels.energy[0], abs=1e-9)
        np.testing.assert_allclose(forces[:, 0].T.numpy(), labels.forces, rtol=0, atol=1e-9)


def test_two_copper_atoms_of_negative_density_are_where_lammps_has_them(write) -> None:
    potential = EamPotential.from_file(write(READ["negative density"]), "Cu")
    x, cell = dimer(4.9)
    assert potential.evaluate(copper(x, cell)).energy[0] == pytest.approx(-0.600, abs=5e-4)


def test_an_element_in_capitals_is_the_element(write) -> None:
    path = write(toy_table().replace(" Cu", " CU", 1))
    assert read_setfl(path).elements == ("Cu",)
    x, cell = crystal()
    energy = EamPotential.from_file(path, "Cu").evaluate(copper(x, cell)).energy[0]
    # LAMMPS knows the function by the table's own name
    assert energy == pytest.approx(
        LammpsEam(path, "CU", "eam/alloy").evaluate(copper(x, cell).image(0))[0], abs=1e-5
    )
