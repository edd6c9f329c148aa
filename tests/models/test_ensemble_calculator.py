"""The ASE calculator of an ensemble."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ase
import numpy as np
import pytest
import torch
from ase.calculators.calculator import PropertyNotImplementedError
from ensembles import mixed_structures
from numpy.typing import NDArray

from potstill.data.frames import Frames
from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.models import load_calculator
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.models.model_file import save_ensemble

Floats = NDArray[np.float64]


@pytest.fixture
def atoms(ensemble: Ensemble, liquid: tuple[Floats, Floats]) -> ase.Atoms:
    made = ase.Atoms("Ni32", liquid[0], cell=liquid[1], pbc=True)
    made.calc = EnsembleCalculator(ensemble)
    return made


@pytest.fixture
def alloys(make_ensemble: Callable[..., Ensemble]) -> list[ase.Atoms]:
    """Structures of two elements, of any sizes and boundaries, with their calculator."""
    many = mixed_structures(["Be", "W"])
    calculator = EnsembleCalculator(make_ensemble(many))
    images = [many.image(f) for f in range(len(many))]
    for image in images:
        image.calc = calculator
    return images


def assert_forces(atoms: ase.Atoms, atom: int, axis: int) -> None:
    """Compare a force with central differences of the energy."""
    energies = []
    for step in (1e-4, -1e-4):
        moved = atoms.copy()
        moved.calc = atoms.calc
        moved.positions[atom, axis] += step
        energies.append(moved.get_potential_energy())
    numerical = -(energies[0] - energies[1]) / 2e-4
    assert atoms.get_forces()[atom, axis] == pytest.approx(numerical, abs=1e-6)


def assert_stress(atoms: ase.Atoms) -> None:
    """Compare the stress with central differences of the energy by the strain."""
    stress = atoms.get_stress(voigt=False)
    for a in range(3):
        for b in range(a + 1):
            energies = []
            for step in (1e-5, -1e-5):
                strain = np.eye(3)
                strain[a, b] += step / 2
                strain[b, a] += step / 2
                moved = atoms.copy()
                moved.calc = atoms.calc
                moved.set_cell(atoms.cell @ strain, scale_atoms=True)
                energies.append(moved.get_potential_energy())
            numerical = (energies[0] - energies[1]) / 2e-5 / atoms.get_volume()
            assert stress[a, b] == pytest.approx(numerical, abs=1e-7)


def test_forces_and_stress_are_derivatives(atoms: ase.Atoms) -> None:
    for atom, axis in ((0, 0), (9, 1), (31, 2)):
        assert_forces(atoms, atom, axis)
    assert_stress(atoms)


def test_derivatives_of_any_structures(alloys: list[ase.Atoms]) -> None:
    for atoms in alloys:
        for atom, axis in ((0, 0), (len(atoms) // 2, 1), (len(atoms) - 1, 2)):
            assert_forces(atoms, atom, axis)
        if atoms.cell.rank == 3:
            assert_stress(atoms)
        else:
            with pytest.raises(PropertyNotImplementedError):
                atoms.get_stress()


def test_equal_atoms_change_places(alloys: list[ase.Atoms]) -> None:
    atoms = alloys[0]
    order = np.random.default_rng(0).permutation(len(atoms))
    mixed = atoms[order]
    mixed.calc = EnsembleCalculator(atoms.calc.ensemble)
    assert mixed.get_potential_energy() == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
    np.testing.assert_allclose(mixed.get_forces(), atoms.get_forces()[order], rtol=0, atol=1e-9)
    swapped = atoms.copy()
    one, other = (int(np.argmax(atoms.symbols == symbol)) for symbol in ("Be", "W"))
    swapped.symbols[[one, other]] = ["W", "Be"]
    swapped.calc = EnsembleCalculator(atoms.calc.ensemble)
    assert abs(swapped.get_potential_energy() - atoms.get_potential_energy()) > 1e-3


def test_an_atom_alone_has_its_own_energy(alloys: list[ase.Atoms]) -> None:
    """Whatever the cell; and a slab's energy does not depend on the vector that does not repeat."""
    alone = alloys[3]
    energy = alone.get_potential_energy()
    alone.cell, alone.pbc = [30, 30, 30], True
    assert alone.get_potential_energy() == pytest.approx(energy, abs=1e-12)
    np.testing.assert_array_equal(alone.get_forces(), 0)
    slab = alloys[6]
    energy = slab.get_potential_energy()
    slab.cell[2] = [0, 0, 0.1]
    assert slab.get_potential_energy() == pytest.approx(energy, abs=1e-10)


def test_supercell(atoms: ase.Atoms) -> None:
    large = atoms.repeat(2)
    large.calc = EnsembleCalculator(atoms.calc.ensemble)
    assert large.get_potential_energy() == pytest.approx(8 * atoms.get_potential_energy(), abs=1e-8)
    np.testing.assert_allclose(large.get_forces(), np.tile(atoms.get_forces(), (8, 1)), atol=1e-9)
    np.testing.assert_allclose(large.get_stress(), atoms.get_stress(), atol=1e-10)


def test_one_evaluation_gives_everything(atoms: ase.Atoms, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    inner = EnsembleCalculator.calculate

    def counted(self: EnsembleCalculator, *arguments: object) -> None:
        calls.append(1)
        inner(self, *arguments)

    monkeypatch.setattr(EnsembleCalculator, "calculate", counted)
    energy = atoms.get_potential_energy()
    atoms.get_forces()
    atoms.get_stress()
    results = atoms.calc.results
    assert len(calls) == 1
    assert results["free_energy"] == energy == pytest.approx(results["energies"].sum())
    assert results["energies_std"].shape == (32,) and results["energies_std"].min() > 1e-4


def test_identical_members_agree(ensemble: Ensemble, atoms: ase.Atoms) -> None:
    networks = ensemble.networks
    state = {name: value[:1].repeat(3, 1, 1) for name, value in networks.state_dict().items()}
    same = type(networks)(ensemble.settings).double().requires_grad_(False)
    same.load_state_dict(state)
    atoms.calc = EnsembleCalculator(replace(ensemble, networks=same))
    atoms.get_potential_energy()
    np.testing.assert_allclose(atoms.calc.results["energies_std"], 0, atol=1e-13)
    torch.testing.assert_close(same.weights[0][0], same.weights[0][2])


def test_equal_to_predict_from_a_file(
    ensemble: Ensemble, atoms: ase.Atoms, labelled: Frames, tmp_path: Path
) -> None:
    """Through float32 weights in the file, chunks of frames, and both descriptor paths."""
    save_ensemble(tmp_path / "ensemble.pt", ensemble)
    calculator = load_calculator(tmp_path / "ensemble.pt")
    full = calculator.ensemble.predict(labelled, forces=True)
    energies_only = calculator.ensemble.predict(labelled, forces=False)
    assert full.atomic_energies is not None and energies_only.atomic_energies is not None
    np.testing.assert_allclose(full.atomic_energies, energies_only.atomic_energies, atol=1e-12)
    assert energies_only.forces is None and energies_only.stress is None
    frame = labelled.to_ase(59)
    frame.calc = calculator
    assert frame.get_potential_energy() == pytest.approx(full.energy[59], abs=1e-10)
    assert full.forces is not None and full.stress is not None
    forces = full.forces[labelled.of_atoms_in(59)]
    np.testing.assert_allclose(frame.get_forces(), forces, atol=1e-11)
    np.testing.assert_allclose(frame.get_stress(voigt=False), full.stress[59], atol=1e-12)


def test_many_structures_are_predicted_as_alone(alloys: list[ase.Atoms]) -> None:
    """More atoms than are evaluated at a time, in a mixed order."""
    order = np.random.default_rng(0).integers(len(alloys), size=80)
    many = Structures.of_atoms([alloys[k] for k in order])
    assert len(many.species) > 512
    ensemble = alloys[0].calc.ensemble
    full, energies = (ensemble.predict(many, forces=forces) for forces in (True, False))
    np.testing.assert_allclose(full.energies, energies.energies, rtol=0, atol=1e-9)
    for f in (0, 17, 79):
        atoms = alloys[order[f]]
        assert full.energy[f] == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
        here = many.of_atoms_in(f)
        np.testing.assert_allclose(full.forces[here], atoms.get_forces(), rtol=0, atol=1e-9)
        assert np.isnan(full.stress[f]).all() == (atoms.cell.rank < 3)


def test_another_element_is_refused(atoms: ase.Atoms, ensemble: Ensemble, labelled: Frames) -> None:
    atoms.symbols[4] = "Al"
    with pytest.raises(PotstillError, match="frame 0: atom 4 is Al, and this model is for Ni; "):
        atoms.get_potential_energy()
    other = labelled.species.copy()
    other[32 * 59 + 3] = 41
    with pytest.raises(PotstillError, match="frame 59: atom 3 is Nb, and this model is for Ni; "):
        ensemble.predict(replace(labelled, species=other), forces=False)
