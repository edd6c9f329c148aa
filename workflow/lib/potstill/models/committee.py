"""What every model is to the rest of the library: a committee that predicts structures."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from potstill.data.structures import Floats, Structures
from potstill.trust.limits import Trust


@dataclass(frozen=True)
class Prediction:
    """What M members say of F structures of A atoms together.

    energies (M, F): by member, eV; atomic_energies (M, A): by member, eV, None where members have
    none; forces (A, 3): of the members' mean, eV/A; stress (F, 3, 3): of the mean, eV/A^3, positive
    under tension, NaN for structures whose cell has no volume. Forces and stress are None where
    they were not asked for.
    """

    energies: Floats
    atomic_energies: Floats | None
    forces: Floats | None
    stress: Floats | None
    force_std: Floats | None = None
    distance: Floats | None = None
    leverage: Floats | None = None

    @property
    def energy(self) -> Floats:
        """The members' mean (F,), eV."""
        return np.asarray(self.energies.mean(axis=0))

    @property
    def energy_std(self) -> Floats:
        """The (population) standard deviation over the members (F,), eV."""
        return np.asarray(self.energies.std(axis=0))


class Committee(Protocol):
    """M models of the same elements, whose mean is the prediction and whose spread is sigma."""

    @property
    def elements(self) -> tuple[str, ...]:
        """The symbols of the elements that it knows, in the order of their atomic numbers."""
        ...

    @property
    def trust(self) -> Trust | None:
        """What it was trained on and how sure it is there; None where it does not know."""
        ...

    def predict(
        self, structures: Structures, *, forces: bool, spread: bool = False, threads: int = 1
    ) -> Prediction:
        """Predict structures; PotstillError, naming the structure, for what it cannot evaluate.

        spread: also how far the members' forces agree, and how far atoms are from what was trained
        on; it goes with forces.
        """
        ...
