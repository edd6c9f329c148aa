"""The EAM potential as an ASE calculator."""

from typing import Any, ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential


class EAM(Calculator):
    """Energy, atomic energies, forces and stress (eV, A, ASE's signs) from an `EamPotential`."""

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
        """Evaluate everything at once; PotstillError for other elements or a non-periodic cell."""
        super().calculate(atoms, properties, system_changes)
        others = set(self.atoms.get_chemical_symbols()) - {self.potential.symbol}
        if others:
            raise PotstillError(
                f"this EAM calculator is for {self.potential.symbol}, the atoms hold "
                f"{', '.join(sorted(others))}; alloys are not supported"
            )
        if not self.atoms.pbc.all():
            raise PotstillError("the EAM calculator needs a cell periodic in all three directions")
        labels = self.potential.evaluate(
            self.atoms.positions[None], np.asarray(self.atoms.cell)[None]
        )
        self.results = {
            "energy": float(labels.energy[0]),
            "free_energy": float(labels.energy[0]),
            "energies": labels.atomic_energies[0],
            "forces": labels.forces[0],
            "stress": full_3x3_to_voigt_6_stress(labels.stress[0]),
        }
