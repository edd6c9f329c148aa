"""A trained ensemble as an ASE calculator."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import load_ensemble
from potstill.models.predict import predict_arrays


class EnsembleCalculator(Calculator):
    """Mean energy, atomic energies, forces and stress of an ensemble (eV, A, ASE's signs).

    One evaluation gives them all, and `results["energies_std"]` (N,): the standard deviation of
    each atomic energy over the members, eV. It is mostly gauge: members part the energy among the
    atoms in different ways and agree on the sum, so it does not say which atom is predicted badly.
    """

    implemented_properties: ClassVar[list[str]] = [
        "energy",
        "free_energy",
        "energies",
        "forces",
        "stress",
    ]

    def __init__(self, ensemble: Ensemble, *, threads: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ensemble, self.threads = ensemble, threads

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        """Evaluate everything.

        PotstillError for other elements, a cell that is not periodic, and, naming the atom, for
        what cannot be evaluated: see `describe`.
        """
        super().calculate(atoms, properties, system_changes)
        symbol = self.ensemble.symbol
        others = set(self.atoms.get_chemical_symbols()) - {symbol}
        if others:
            raise PotstillError(
                f"this model is for {symbol}, the atoms hold {', '.join(sorted(others))}; "
                "alloys are not supported, train a model on frames of that element"
            )
        if not self.atoms.pbc.all():
            raise PotstillError(
                "the model needs a cell periodic in all three directions; set atoms.cell and "
                "atoms.pbc"
            )
        prediction = predict_arrays(
            self.ensemble,
            self.atoms.positions[None],
            np.asarray(self.atoms.cell)[None],
            forces=True,
            threads=self.threads,
        )
        assert prediction.forces is not None and prediction.stress is not None
        energy = float(prediction.energy[0])
        atomic = prediction.atomic_energies[:, 0]
        self.results = {
            "energy": energy,
            "free_energy": energy,
            "energies": atomic.mean(axis=0),
            "energies_std": atomic.std(axis=0),
            "forces": prediction.forces[0],
            "stress": full_3x3_to_voigt_6_stress(prediction.stress[0]),
        }


def load_calculator(
    path: str | Path, *, device: str = "cpu", threads: int = 1
) -> EnsembleCalculator:
    """Return the ASE calculator of a model file; see `load_ensemble` for the errors."""
    return EnsembleCalculator(load_ensemble(path, device=device), threads=threads)
