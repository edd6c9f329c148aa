"""A metal as one calculator has it: its own crystal, relaxed, and the energy of its defects."""

from dataclasses import dataclass
from math import ceil

import ase
import numpy as np
from ase.calculators.calculator import Calculator
from ase.filters import FrechetCellFilter
from ase.optimize import LBFGS

from potstill.errors import PotstillError
from potstill.foundation.metal_crystal import conventional_cell
from potstill.relaxation.crystals import Crystal
from potstill.relaxation.relax import bond_length, relax
from potstill.settings import CrystalName, Element

# Atoms relax until no force is larger, eV/A: surface energies are then good to 0.1 mJ/m2.
FORCE_LIMIT = 1e-3
STEP_LIMIT = 500


@dataclass(frozen=True)
class Metal:
    """An element's own crystal, relaxed with a calculator.

    reference_volume_A3: of an atom, by the configuration, the same for all calculators. volume_A3
    and energy_eV (of an atom), and c_over_a (of hcp, else None): by this calculator.
    """

    symbol: str
    structure: CrystalName
    calculator: Calculator
    reference_volume_A3: float
    volume_A3: float
    energy_eV: float
    c_over_a: float | None = None

    @classmethod
    def relaxed(cls, symbol: str, element: Element, calculator: Calculator) -> "Metal":
        """Relax the crystal; PotstillError if it does not converge."""
        start = conventional_cell(
            symbol, element.structure, element.volume_per_atom_A3, element.c_over_a
        )
        isotropic = element.structure != "hcp"
        found = relax(Crystal(element.structure.upper(), start, isotropic), calculator)
        if not found.converged:
            raise PotstillError(
                f"the {element.structure} crystal of {symbol} does not relax with this model; "
                "train it anew, or on frames that hold the crystal"
            )
        return cls(
            symbol,
            element.structure,
            calculator,
            element.volume_per_atom_A3,
            found.volume_A3_per_atom,
            found.energy_eV_per_atom,
            found.c_over_a,
        )

    @property
    def lattice_constant_A(self) -> float:
        """The edge of the cube, of hcp a."""
        return float(self.crystal().cell.lengths()[0])

    @property
    def lattice(self) -> dict[str, float]:
        """The lattice constants, A, by the names of ASE's builders: a, of hcp c as well."""
        a = self.lattice_constant_A
        return {"a": a} if self.c_over_a is None else {"a": a, "c": self.c_over_a * a}

    def crystal(self, volume_A3: float | None = None) -> ase.Atoms:
        """Return the conventional cell, relaxed or, of the same c/a, with `volume_A3` an atom."""
        volume = self.volume_A3 if volume_A3 is None else volume_A3
        cell = conventional_cell(self.symbol, self.structure, volume, self.c_over_a)
        return self.attached(cell)

    def supercell(self, edge_A: float, volume_A3: float | None = None) -> ase.Atoms:
        """Return the crystal in the least cell of which no edge is shorter than this.

        How many atoms that are, the configuration's volume tells, so that it is the same for all
        calculators.
        """
        lengths = self.crystal(self.reference_volume_A3).cell.lengths()
        cell = self.crystal(volume_A3).repeat([ceil(edge_A / length) for length in lengths])
        return self.attached(cell)

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
