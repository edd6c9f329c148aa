"""NaN, infinity, empty cells and atoms on one spot never pass the networks."""

from typing import Any

import numpy as np
import pytest
from ase import Atoms
from lammps_engine import lammps_instance
from numpy.typing import NDArray

from potstill.data.structures import Structures
from potstill.descriptors.symmetry_functions import describe, describe_with_pairs, pairs_bytes
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.models.lammps import drive_lammps
from potstill.settings import Descriptor

Floats = NDArray[np.float64]


def many(liquid: tuple[Floats, Floats], count: int = 20) -> tuple[Floats, Floats]:
    """Return more frames than are predicted at a time."""
    positions, cell = (np.stack([array] * count) for array in liquid)
    return positions, cell


def evaluations(ensemble: Ensemble, positions: Floats, cell: Floats) -> list[Any]:
    many = Structures.uniform("Ni", positions, cell)
    return [
        lambda: describe(many, Descriptor(), ["Ni"]),
        lambda: describe_with_pairs(many, Descriptor(), ["Ni"]),
        lambda: pairs_bytes(many, Descriptor(), ["Ni"]),
        lambda: ensemble.predict(many, forces=False),
        lambda: ensemble.predict(many, forces=True),
    ]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_positions_and_cells_that_are_not_finite(
    ensemble: Ensemble, liquid: tuple[Floats, Floats], value: float
) -> None:
    positions, cell = many(liquid)
    positions[18, 5, 2] = value
    for evaluate in evaluations(ensemble, positions, cell):
        with pytest.raises(PotstillError, match="frame 18: the position of atom 5 is not finite"):
            evaluate()
    positions, cell = many(liquid)
    cell[17, 0, 1] = value
    for evaluate in evaluations(ensemble, positions, cell):
        with pytest.raises(PotstillError, match="frame 17: its cell is not finite"):
            evaluate()


def test_flat_cells_and_no_atoms(ensemble: Ensemble, liquid: tuple[Floats, Floats]) -> None:
    positions, cell = many(liquid)
    cell[19, 2] = cell[19, 1]
    for evaluate in evaluations(ensemble, positions, cell):
        with pytest.raises(PotstillError, match="frame 19: its cell has no volume"):
            evaluate()
    for evaluate in evaluations(ensemble, positions[:, :0], cell[:19].repeat(2, 0)[:20]):
        with pytest.raises(PotstillError, match="no atoms"):
            evaluate()


def test_atoms_on_one_spot_are_named_in_any_part(
    ensemble: Ensemble, liquid: tuple[Floats, Floats]
) -> None:
    positions, cell = many(liquid)
    positions[18, 9] = positions[18, 4] + cell[18, 1]  # the same spot in the next cell
    # what is over both cut-offs from all others has no angles that could break down
    pair, box = np.array([[[1.0, 1, 1], [1, 1, 1]]]), 30.0 * np.eye(3)[None]
    for evaluate in (*evaluations(ensemble, positions, cell)[:2],
                     *evaluations(ensemble, positions, cell)[3:]):  # fmt: skip
        with pytest.raises(PotstillError, match="frame 18: atoms 4 and 9 are on one spot"):
            evaluate()
    for evaluate in (*evaluations(ensemble, pair, box)[:2], *evaluations(ensemble, pair, box)[3:]):
        with pytest.raises(PotstillError, match="frame 0: atoms 0 and 1 are on one spot"):
            evaluate()


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (Atoms(cell=np.eye(3), pbc=True), "frame 0: it has no atoms"),
        (Atoms("Ni2", [[0, 0, 0], [0, np.nan, 0]], cell=[9] * 3, pbc=True), "of atom 1 is not fin"),
        (Atoms("Ni", cell=[9, 9, np.inf], pbc=True), "its cell is not finite"),
        (Atoms("Ni", cell=[9, 9, 0], pbc=True), "its cell has no volume"),
    ],
)
def test_calculator(ensemble: Ensemble, atoms: Atoms, message: str) -> None:
    atoms.calc = EnsembleCalculator(ensemble)
    with pytest.raises(PotstillError, match=message):
        atoms.get_potential_energy()


def test_lammps_stops_at_the_first_step(ensemble: Ensemble) -> None:
    engine = lammps_instance()
    engine.commands_list(
        [
            "units metal",
            "atom_modify map array",
            "region box block 0 9 0 9 0 9",
            "create_box 1 box",
            "mass * 58.69",
            "pair_style zero 6.0",
            "pair_coeff * *",
        ]
    )
    engine.create_atoms(3, [1, 2, 3], [1] * 3, [1.0, 1, 1, 4, 4, 4, 1, 1, 1])
    drive_lammps(engine, ensemble)
    with pytest.raises(PotstillError, match="step 0: frame 0: atoms 0 and 2 are on one"):
        engine.command("run 10")
    with pytest.raises(PotstillError, match="on one spot"):
        engine.commands_list(["run 1", "run 1"])
    engine.command("set atom 3 z 5")
    engine.command("run 3")
    assert engine.extract_global("ntimestep") == 3
    engine.close()
