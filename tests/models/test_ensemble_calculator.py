"""The ASE calculator of an ensemble."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ase
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from potstill.data.frames import Frames
from potstill.errors import PotstillError
from potstill.models import load_calculator
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.models.model_file import save_ensemble
from potstill.models.predict import predict

Floats = NDArray[np.float64]


@pytest.fixture
def atoms(ensemble: Ensemble, liquid: tuple[Floats, Floats]) -> ase.Atoms:
    made = ase.Atoms("Ni32", liquid[0], cell=liquid[1], pbc=True)
    made.calc = EnsembleCalculator(ensemble)
    return made


def test_forces_are_derivatives(atoms: ase.Atoms) -> None:
    forces = atoms.get_forces()
    for atom, axis in ((0, 0), (9, 1), (31, 2)):
        energies = []
        for step in (1e-4, -1e-4):
            moved = atoms.copy()
            moved.calc = atoms.calc
            moved.positions[atom, axis] += step
            energies.append(moved.get_potential_energy())
        numerical = -(energies[0] - energies[1]) / 2e-4
        assert forces[atom, axis] == pytest.approx(numerical, abs=1e-6)


def test_stress_is_the_strain_derivative(atoms: ase.Atoms) -> None:
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
    full = predict(calculator.ensemble, labelled, forces=True)
    energies_only = predict(calculator.ensemble, labelled, forces=False)
    np.testing.assert_allclose(full.atomic_energies, energies_only.atomic_energies, atol=1e-12)
    assert energies_only.forces is None
    frame = labelled.to_ase(59)
    frame.calc = calculator
    assert frame.get_potential_energy() == pytest.approx(full.energy[59], abs=1e-10)
    assert full.forces is not None and full.stress is not None
    np.testing.assert_allclose(frame.get_forces(), full.forces[59], atol=1e-11)
    np.testing.assert_allclose(frame.get_stress(voigt=False), full.stress[59], atol=1e-12)


def test_refusals(
    atoms: ase.Atoms, ensemble: Ensemble, labelled: Frames, make_ensemble: Callable[..., Ensemble]
) -> None:
    atoms.symbols[4] = "Al"
    with pytest.raises(PotstillError, match="for Ni, the atoms hold Al"):
        atoms.get_potential_energy()
    atoms.symbols[4] = "Ni"
    atoms.pbc = (True, True, False)
    with pytest.raises(PotstillError, match=r"periodic.*atoms\.pbc"):
        atoms.get_potential_energy()
    with pytest.raises(PotstillError, match="for Ni, the frames hold Nb"):
        predict(ensemble, replace(labelled, symbol="Nb"), forces=False)
