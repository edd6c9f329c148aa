"""What is told of relaxed structures: why they did not converge, volumes, space groups, sigma."""

import ase.build
import ase.cluster
import numpy as np
import pytest
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from potstill.data.structures import Structures
from potstill.models.calculator_committee import CalculatorCommittee
from potstill.relaxation import BatchRelaxed, relax_batch
from potstill.relaxation.outcomes import Outcome, outcomes
from potstill.relaxation.space_groups import space_groups


def relaxed(
    images: list[ase.Atoms], calculators: list[Calculator], fmax: float, steps: int
) -> tuple[BatchRelaxed, list[Outcome]]:
    committee = CalculatorCommittee(calculators, ("Cu",))
    found = relax_batch(committee, images, fmax=fmax, steps=steps, relax_cell=True)
    before = Structures.of_atoms(images)
    return found, outcomes(committee, before, found, fmax=fmax, steps=steps)


@pytest.fixture(params=["None", "an error"], autouse=True)
def spglib_gives(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What spglib gives where it finds nothing: other packages change it for the whole process."""
    spglib = pytest.importorskip("spglib")
    monkeypatch.setattr(spglib.error, "OLD_ERROR_HANDLING", request.param == "None")


def test_what_became_of_each() -> None:
    crystal, alone = ase.build.bulk("Cu", cubic=True, a=3.8), ase.Atoms("Cu", positions=[[0, 0, 0]])
    slab = ase.build.fcc111("Cu", (1, 1, 3), vacuum=6)
    spot = ase.Atoms("Cu2", np.zeros((2, 3)), cell=4 * np.eye(3), pbc=True)
    found, told = relaxed([crystal, alone, slab, spot], [EMT()], 0.01, 50)
    assert [outcome.converged for outcome in told] == [True, True, True, False]
    assert [outcome.why_not == "" for outcome in told] == [True, True, True, False]
    for k in range(3):
        energy = found.energy[k] / found.sizes[k]
        assert (told[k].energy_eV_per_atom, told[k].sigma_meV_per_atom) == (energy, 0.0)
    assert told[0].volume_A3_per_atom == pytest.approx(3.59**3 / 4, rel=0.005)
    assert told[0].volume_ratio == pytest.approx(4 * told[0].volume_A3_per_atom / 3.8**3)
    assert told[1].volume_ratio is told[2].volume_A3_per_atom is told[3].energy_eV_per_atom is None
    groups = [(outcome.space_group_before, outcome.space_group_after) for outcome in told[:3]]
    assert groups == [("Fm-3m (225)",) * 2, (None, None), (None, None)]


def test_why_some_did_not_converge() -> None:
    rattled = ase.build.bulk("Cu", cubic=True) * (2, 1, 1)
    rattled.rattle(0.1, seed=1)
    _, (slow,) = relaxed([rattled], [EMT()], 1e-5, 2)
    assert slow.why_not == "no force below 1e-05 eV/A within 2 steps" and slow.steps == 2
    # bonds that want to be twice as long: the cell goes on growing beyond all metals
    _, (gone,) = relaxed([rattled], [LennardJones(sigma=5.0, rc=12.0)], 0.01, 400)
    assert not gone.converged and 0 < gone.steps < 400
    assert gone.why_not.startswith(f"broke down after {gone.steps} steps: on its way the cell left")
    assert gone.energy_eV_per_atom is not None


def test_sigma_is_the_spread_of_the_energy() -> None:
    pair = [LennardJones(sigma=sigma, epsilon=0.5, rc=6.0, smooth=True) for sigma in (2.2, 2.3)]
    found, (told,) = relaxed([ase.build.bulk("Cu", cubic=True, a=3.5)], pair, 1e-4, 100)
    energies = []
    for calculator in pair:
        atoms = found.image(0)
        atoms.calc = calculator
        energies.append(atoms.get_potential_energy() / 4)
    assert told.converged
    assert told.sigma_meV_per_atom == pytest.approx(500 * abs(energies[1] - energies[0]))


def test_space_groups_of_crystals() -> None:
    nearly = ase.build.bulk("Cu", cubic=True)
    nearly.rattle(0.005, seed=1)
    images = {
        "Fm-3m (225)": ase.build.bulk("Cu", cubic=True),
        "Im-3m (229)": ase.build.bulk("W"),
        "P6_3/mmc (194)": ase.build.bulk("Ti"),
        "Fd-3m (227)": ase.build.bulk("Si"),
        "F-43m (216)": ase.build.bulk("GaAs", "zincblende", a=5.65),
    }
    assert space_groups(Structures.of_atoms(list(images.values()))) == list(images)
    off = ase.build.bulk("Cu", cubic=True) * (2, 1, 1)
    off.rattle(0.15, seed=2)
    cluster = ase.cluster.Icosahedron("Cu", 2)
    rest = space_groups(Structures.of_atoms([nearly, off, cluster]))
    assert rest == ["Fm-3m (225)", "P1 (1)", None]
    assert space_groups(Structures.of_atoms([nearly]), near_A=1e-4) == ["P1 (1)"]
