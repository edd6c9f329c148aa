"""A calculator whose results are kept, as those of labels are."""

from pathlib import Path
from typing import Any

import ase
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from potstill.data.frames import Frames
from potstill.errors import PotstillError
from potstill.labels.label_one import FrameError, label_one
from potstill.labels.label_store import LabelStore
from potstill.settings import Labels


class KeptCalculator(Calculator):
    """An ASE calculator that asks another one what the store does not hold.

    What takes hours with it, as a relaxation, is done again in seconds after it was ended, and goes
    on. Energies are those that forces are the derivative of, see `label_one`.
    """

    implemented_properties = ("energy", "free_energy", "forces", "stress")

    def __init__(self, calculator: Any, labels: Labels, store: Path) -> None:
        super().__init__()
        self.calculator = calculator
        # properties take the stress even where labels leave it out
        self.known = LabelStore(store, labels.model_copy(update={"stress": True}).essence)

    def calculate(
        self,
        atoms: ase.Atoms | None = None,
        properties: Any = None,
        system_changes: Any = all_changes,
    ) -> None:
        """Take the results from the store, or calculate and keep them."""
        super().calculate(atoms, properties or ["energy"], system_changes)
        frame = Frames.of_atoms([self.atoms])
        found = self.known.load(frame, 0)
        if found is None:
            try:
                found = label_one(self.atoms, self.calculator)
            except FrameError as error:
                raise PotstillError(str(error)) from None
            self.known.save(frame, 0, found)
        self.results = {"energy": float(found.energy), "forces": found.forces}
        self.results["free_energy"] = self.results["energy"]
        if found.stress is not None:
            self.results["stress"] = full_3x3_to_voigt_6_stress(found.stress)
