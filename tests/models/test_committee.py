"""A committee of ASE calculators: what its members say, of any structures."""

from typing import Any

import ase
import ase.build
import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.models.calculator_committee import CalculatorCommittee
from potstill.models.committee import Committee

ELEMENTS = ("Ni", "Cu", "Pd", "Au")


def some_images() -> list[ase.Atoms]:
    """Return a bulk alloy, a slab, a cluster without a cell and a single atom, all displaced."""
    alloy = ase.build.bulk("Cu", cubic=True, a=3.8).repeat((2, 1, 1))
    alloy.symbols[::3] = "Au"
    slab = ase.build.fcc111("Ni", (2, 2, 3), vacuum=8.0)
    slab.symbols[-1] = "Pd"
    cluster = ase.Atoms("NiCu3", 2.6 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]))
    images = [alloy, slab, cluster, ase.build.bulk("Cu")]
    for seed, image in enumerate(images):
        image.rattle(0.05, seed=seed)
    return images


def members() -> list[Calculator]:
    """Return three calculators that differ."""
    return [EMT(), EMT(asap_cutoff=True), LennardJones(sigma=2.3, epsilon=0.4, rc=6.0)]


class Springs(Calculator):
    """Energy and forces without a stress; not a number for frames of more than `most` atoms."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        bad = np.nan if len(self.atoms) > self.most else 1.0
        x = self.atoms.positions
        self.results = {"energy": 0.5 * bad * (x**2).sum(), "forces": -x * bad}


def test_members_say_what_their_calculators_say() -> None:
    images = some_images()
    committee: Committee = CalculatorCommittee(members(), ["Au", "Pd", "Cu", "Ni"])
    assert committee.elements == ELEMENTS
    structures = Structures.of_atoms(images)
    found = committee.predict(structures, forces=True)
    assert found.energies.shape == (3, 4) and found.atomic_energies is None
    assert found.forces is not None and found.stress is not None
    assert found.forces.shape == (len(structures.species), 3)
    for k, image in enumerate(images):
        energies, forces, stress = [], [], []
        for calculator in members():
            image.calc = calculator
            energies.append(image.get_potential_energy())
            forces.append(image.get_forces())
            if image.cell.rank == 3:
                stress.append(image.get_stress(voigt=False))
        np.testing.assert_allclose(found.energies[:, k], energies, rtol=1e-12)
        here = structures.of_atoms_in(k)
        np.testing.assert_allclose(found.forces[here], np.mean(forces, axis=0), atol=1e-12)
        if stress:
            np.testing.assert_allclose(found.stress[k], np.mean(stress, axis=0), atol=1e-12)
        assert found.energy[k] == pytest.approx(np.mean(energies))
        assert found.energy_std[k] == pytest.approx(np.std(energies))
    assert np.isnan(found.stress).all(axis=(1, 2)).tolist() == [False, False, True, False]
    alone = committee.predict(structures, forces=False)
    np.testing.assert_array_equal(alone.energies, found.energies)
    assert alone.forces is None and alone.stress is None


def test_a_member_without_a_stress_leaves_energy_and_forces() -> None:
    structures = Structures.of_atoms(some_images())
    found = CalculatorCommittee([EMT(), Springs(99)], ELEMENTS).predict(structures, forces=True)
    assert found.forces is not None and found.stress is not None
    assert np.isfinite(found.energies).all() and np.isfinite(found.forces).all()
    assert np.isnan(found.stress).all()


@pytest.mark.parametrize(
    ("calculators", "elements", "message"),
    [
        (
            [EMT()],
            ("Ni", "Cu", "Pd"),
            "frame 0: atom 0 is Au, and this model is for Ni and Cu and Pd; le",
        ),
        ([EMT()], ("Cu", "Au"), "frame 1: atom 0 is Ni, and this model is for Cu and Au; leave"),
        ([EMT(), Springs(8)], ELEMENTS, r"frame 1: member 1 of the committee \(Springs\) gave an"),
    ],
)
def test_what_a_committee_cannot_predict_is_named(
    calculators: list[Any], elements: tuple[str, ...], message: str
) -> None:
    structures = Structures.of_atoms(some_images())
    with pytest.raises(PotstillError, match=message):
        CalculatorCommittee(calculators, elements).predict(structures, forces=True)


def test_a_calculator_that_fails_is_named() -> None:
    images = some_images()
    images[2].symbols[1] = "W"  # which EMT does not know
    committee = CalculatorCommittee([LennardJones(), EMT()], [*ELEMENTS, "W"])
    with pytest.raises(PotstillError) as raised:
        committee.predict(Structures.of_atoms(images), forces=False)
    told = str(raised.value)
    assert told.startswith("frame 2: member 1 of the committee (EMT) failed (") and "W" in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("calculators", "elements", "message"),
    [
        ([], ["Cu"], "at least one calculator"),
        ([EMT()], [], "one element"),
        ([EMT()], ["Copper"], "'Copper' is no chemical symbol"),
        ([EMT(), EMT], ["Cu"], "member 1 of the committee is no ASE calculator .<class"),
        ([EMT(), "EMT"], ["Cu"], "member 1 of the committee is no ASE calculator .'EMT'"),
    ],
)
def test_what_makes_no_committee_is_an_error(
    calculators: list[Any], elements: list[str], message: str
) -> None:
    with pytest.raises(PotstillError, match=message):
        CalculatorCommittee(calculators, elements)
