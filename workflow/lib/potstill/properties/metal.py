"""A metal as one calculator has it: its own crystal, relaxed, and the energy of its defects."""

from dataclasses import dataclass

import ase
import ase.build
import numpy as np
from ase.calculators.calculator import Calculator
from ase.filters import FrechetCellFilter
from ase.optimize import LBFGS

from potstill.errors import PotstillError
from potstill.relaxation.crystals import Crystal
from potstill.relaxation.relax import bond_length, relax
from potstill.settings import ATOMS_PER_CELL, Element

# Atoms relax until no force is larger, eV/A: surface energies are then good to 0.1 mJ/m2.
FORCE_LIMIT = 1e-3
STEP_LIMIT = 500


@dataclass(frozen=True)
class Metal:
    """An element's own crystal, relaxed with a calculator.

    structure: fcc or bcc. reference_volume_A3: of an atom, by the configuration, the same for all
    calculators. lattice_constant_A and energy_eV (of an atom): by this calculator.
    """

    symbol: str
    structure: str
    calculator: Calculator
    reference_volume_A3: float
    lattice_constant_A: float
    energy_eV: float

    @classmethod
    def relaxed(cls, symbol: str, element: Element, calculator: Calculator) -> "Metal":
        """Relax the crystal; PotstillError if it does not converge."""
        start = _cubic(symbol, element.structure, element.lattice_constant_A)
        found = relax(Crystal(element.structure.upper(), start, isotropic=True), calculator)
        if not found.converged:
            raise PotstillError(
                f"the {element.structure} crystal of {symbol} does not relax with this model; "
                "train it anew, or on frames that hold the crystal"
            )
        basis = ATOMS_PER_CELL[element.structure]
        return cls(
            symbol,
            element.structure,
            calculator,
            element.volume_per_atom_A3,
            (basis * found.volume_A3_per_atom) ** (1 / 3),
            found.energy_eV_per_atom,
        )

    def crystal(self, volume_A3: float | None = None) -> ase.Atoms:
        """Return the conventional cubic cell, relaxed or with `volume_A3` an atom."""
        a = self.lattice_constant_A
        if volume_A3 is not None:
            a = (ATOMS_PER_CELL[self.structure] * volume_A3) ** (1 / 3)
        return self.attached(_cubic(self.symbol, self.structure, a))

    def attached(self, atoms: ase.Atoms) -> ase.Atoms:
        """Return the atoms with this metal's calculator."""
        atoms.calc = self.calculator
        return atoms

    def excess_energy(self, atoms: ase.Atoms, *, relax_height: bool = False) -> float:
        """Return the energy (eV) above that of as many atoms of the crystal, after relaxation.

        Atoms relax in place (ASE's LBFGS), with `relax_height` the cell along z as well. Raises
        PotstillError when forces stay above `FORCE_LIMIT`, or an atom moves by more than half the
        distance of neighbours, so that the defect has become something else.
        """
        self.attached(atoms)
        start, reach = atoms.positions.copy(), bond_length(atoms) / 2
        target = FrechetCellFilter(atoms, mask=[0, 0, 1, 0, 0, 0]) if relax_height else atoms
        optimiser = LBFGS(target, logfile=None)
        for _ in optimiser.irun(fmax=FORCE_LIMIT, steps=STEP_LIMIT):
            if not np.linalg.norm(atoms.positions - start, axis=1).max() < reach:
                raise PotstillError("an atom left its place: the defect became another one")
        if not optimiser.converged():
            raise PotstillError(f"forces are above {FORCE_LIMIT} eV/A after {STEP_LIMIT} steps")
        return float(atoms.get_potential_energy()) - len(atoms) * self.energy_eV


def _cubic(symbol: str, structure: str, a: float) -> ase.Atoms:
    return ase.build.bulk(symbol, structure, a=a, cubic=True)
