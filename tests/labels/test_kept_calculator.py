"""A calculator whose results are kept: the same as the other's, and asked once."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import all_changes
from ase.calculators.emt import EMT
from ase.optimize import BFGS

from potstill.errors import PotstillError
from potstill.labels.kept_calculator import KeptCalculator
from potstill.settings import Labels

LABELS = Labels(calculator="ase.calculators.emt.EMT", stress=False)


class Counted(EMT):
    """EMT that counts its calls, and fails after a number of them."""

    def __init__(self, lasts: int = 1000) -> None:
        super().__init__()
        self.calls, self.lasts = 0, lasts

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        if self.calls == self.lasts:
            raise KeyboardInterrupt
        self.calls += 1
        super().calculate(atoms, properties, system_changes)


def relaxed(folder: Path, calculator: Counted) -> tuple[np.ndarray, float, np.ndarray]:
    """Return positions, energy and stress after a relaxation whose results are kept."""
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=1)
    atoms.calc = KeptCalculator(calculator, LABELS, folder)
    BFGS(atoms, logfile=None).run(fmax=0.01)
    return atoms.positions, atoms.get_potential_energy(), atoms.get_stress()


def test_a_relaxation_that_is_ended_goes_on(tmp_path: Path) -> None:
    whole = Counted()
    expected = relaxed(tmp_path / "whole", whole)
    with pytest.raises(KeyboardInterrupt):
        relaxed(tmp_path / "parts", Counted(lasts=4))
    rest = Counted()
    found = relaxed(tmp_path / "parts", rest)
    assert (whole.calls > 5, rest.calls) == (True, whole.calls - 4)
    for one, other in zip(found, expected, strict=True):
        # EMT's own neighbour lists depend on what it was asked before
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
    atoms = bulk("Cu", cubic=True)
    atoms.positions, atoms.calc = expected[0], EMT()
    assert found[1] == pytest.approx(atoms.get_potential_energy(), abs=1e-12)
    np.testing.assert_allclose(found[2], atoms.get_stress(), atol=1e-12)


def test_what_is_not_finite_is_an_error_and_not_kept(tmp_path: Path) -> None:
    class Broken(EMT):
        def calculate(self, *args, **kwargs) -> None:
            super().calculate(*args, **kwargs)
            self.results["forces"] = self.results["forces"] * np.nan

    atoms = bulk("Cu", cubic=True)
    atoms.calc = KeptCalculator(Broken(), LABELS, tmp_path)
    with pytest.raises(PotstillError, match="forces is not finite; see whether it converged"):
        atoms.get_potential_energy()
    assert not list(tmp_path.iterdir())
