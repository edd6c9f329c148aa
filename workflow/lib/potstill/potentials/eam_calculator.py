"""The EAM potential as an ASE calculator."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from potstill.data.structures import Structures
from potstill.potentials.eam import EamPotential


class EAM(Calculator):
    """Energy, atomic energies, forces and stress (eV, A, ASE's signs) from an `EamPotential`.

    For any boundaries; there is no stress where the cell has no volume.
    """

    implemented_properties: ClassVar[list[str]] = [
        "energy",
        "free_energy",
        "energies",
        "forces",
        "stress",
    ]

    def __init__(self, potential: EamPotential, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.potential = potential

    def calculate(
        self,
        atoms: Any = None,
        properties: Any = None,
        system_changes: Any = all_changes,
    ) -> None:
        """Evaluate everything at once; PotstillError for other elements, see `EamPotential`."""
        super().calculate(atoms, properties, system_changes)
        labels = self.potential.evaluate(Structures.of_atoms([self.atoms]))
        self.results = {
            "energy": float(labels.energy[0]),
            "free_energy": float(labels.energy[0]),
            "energies": labels.atomic_energies,
            "forces": labels.forces,
        }
        if np.isfinite(labels.stress).all():
            self.results["stress"] = full_3x3_to_voigt_6_stress(labels.stress[0])


def eam_table(table: str | Path, elements: str | Sequence[str]) -> EAM:
    """Return the calculator of these elements from an eam/fs or eam/alloy file.

    What a configuration may name as the calculator of labels.
    """
    return EAM(EamPotential.from_file(table, elements))
