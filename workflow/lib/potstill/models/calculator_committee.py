"""A committee of ASE calculators: any potentials, whose spread is sigma."""

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from ase.calculators.calculator import Calculator, PropertyNotImplementedError

from potstill.data.geometry import check_geometry
from potstill.data.structures import Floats, Structures, atomic_number
from potstill.descriptors.elements import element_numbers
from potstill.errors import PotstillError
from potstill.models.committee import Prediction
from potstill.trust.assessment import member_spread


class _Said(NamedTuple):
    """What one calculator says of one structure; zeros where forces were not asked for."""

    energy: float
    forces: Floats
    stress: Floats


class CalculatorCommittee:
    """M ASE calculators as the members of a committee, see `Committee`.

    They should differ, in what they were fitted to or in their parameters: their spread is all that
    tells how far to trust them.
    """

    trust = None

    def __init__(self, calculators: Sequence[Calculator], elements: Iterable[str]) -> None:
        """Keep M calculators, and the symbols of the elements that all of them know.

        PotstillError for no calculator, one that is none of ASE's, and for no chemical symbol.
        """
        self.calculators = tuple(calculators)
        self.elements = tuple(sorted(set(elements), key=atomic_number))
        if not self.calculators or not self.elements:
            raise PotstillError(
                "a committee needs at least one calculator and one element; give both"
            )
        for m, calculator in enumerate(self.calculators):
            if isinstance(calculator, type) or not hasattr(calculator, "get_property"):
                raise PotstillError(
                    f"member {m} of the committee is no ASE calculator ({calculator!r:.60}); give "
                    "calculators, as ase.calculators.emt.EMT()"
                )

    def predict(
        self, structures: Structures, *, forces: bool, spread: bool = False, threads: int = 1
    ) -> Prediction:
        """Ask each calculator for each structure, one after another; threads is theirs to choose.

        Calculators have no atomic energies here. The stress is also NaN where a calculator has
        none. Raises PotstillError, naming structure and member, for other elements, for what no
        potential can evaluate, and where a calculator fails or gives what is not finite.
        """
        check_geometry(structures)
        element_numbers(structures, self.elements)
        count, members = len(structures), len(self.calculators)
        energies = np.empty((members, count))
        force = np.zeros((members, *structures.positions.shape))
        stress = np.zeros((count, 3, 3))
        for m, k in np.ndindex(members, count):
            said = self._ask(m, k, structures, forces)
            energies[m, k] = said.energy
            if forces:
                force[m, structures.of_atoms_in(k)] = said.forces
                stress[k] += said.stress / members
        return Prediction(
            energies,
            atomic_energies=None,
            forces=force.mean(axis=0) if forces else None,
            stress=stress if forces else None,
            force_std=member_spread(force) if forces and spread else None,
        )

    def _ask(self, member: int, k: int, structures: Structures, forces: bool) -> _Said:
        """Return what a member says of structure k; PotstillError where it fails."""
        calculator, atoms = self.calculators[member], structures.image(k)
        atoms.calc = calculator
        place = f"frame {k}: member {member} of the committee ({type(calculator).__name__})"
        try:
            said = _said(atoms, structures.volume[k], forces)
        except Exception as error:  # each calculator has errors of its own
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise PotstillError(
                f"{place} failed ({reason}); correct or remove the frame, or mend the calculator"
            ) from None
        if not np.isfinite(said.energy) or not np.isfinite(said.forces).all():
            raise PotstillError(
                f"{place} gave an energy or forces that are not finite; correct or remove the frame"
            )
        return said


def _said(atoms: Any, volume: float, forces: bool) -> _Said:
    """Ask the calculator of the atoms, for energy alone or for all."""
    energy = float(atoms.get_potential_energy())
    if not forces:
        return _Said(energy, np.zeros((len(atoms), 3)), np.zeros((3, 3)))
    stress = np.full((3, 3), np.nan)
    if volume > 0:
        with contextlib.suppress(PropertyNotImplementedError):
            stress = atoms.get_stress(voigt=False)
    return _Said(energy, atoms.get_forces(), stress)
