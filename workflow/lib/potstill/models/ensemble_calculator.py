"""A trained ensemble as an ASE calculator."""

from pathlib import Path
from typing import Any, ClassVar

from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from potstill.data.structures import Structures
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import load_ensemble


class EnsembleCalculator(Calculator):
    """Mean energy, atomic energies, forces and stress of an ensemble (eV, A, ASE's signs).

    Atoms may be periodic in any directions; those whose cell has no volume have no stress. One
    evaluation gives all, and `results["energies_std"]` (N,): the standard deviation of each atomic
    energy over the members, eV. It is mostly gauge: members part the energy among the atoms in
    different ways and agree on the sum, so it does not say which atom is predicted badly.
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

        PotstillError, naming the atom, for an element that the ensemble does not know and for what
        cannot be evaluated: see `describe`.
        """
        super().calculate(atoms, properties, system_changes)
        structures = Structures.of_atoms([self.atoms])
        found = self.ensemble.predict(structures, forces=True, threads=self.threads)
        assert found.atomic_energies is not None
        assert found.forces is not None and found.stress is not None
        energy = float(found.energy[0])
        self.results = {
            "energy": energy,
            "free_energy": energy,
            "energies": found.atomic_energies.mean(axis=0),
            "energies_std": found.atomic_energies.std(axis=0),
            "forces": found.forces,
        }
        if structures.volume[0] > 0:
            self.results["stress"] = full_3x3_to_voigt_6_stress(found.stress[0])


def load_calculator(
    path: str | Path, *, device: str = "cpu", threads: int = 1
) -> EnsembleCalculator:
    """Return the ASE calculator of a model file; see `load_ensemble` for the errors."""
    return EnsembleCalculator(load_ensemble(path, device=device), threads=threads)
