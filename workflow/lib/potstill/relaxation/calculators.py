"""The calculator that a relaxation is asked for: the reference potential or a trained model."""

from pathlib import Path

from ase.calculators.calculator import Calculator

from potstill.potentials.calculator import EAM
from potstill.potentials.eam import EamPotential
from potstill.training import load_calculator


def open_calculator(model: str, file: Path, symbol: str) -> Calculator:
    """Return the EAM of `symbol` from its table for the model `EAM`, else that of a model file."""
    if model == "EAM":
        return EAM(EamPotential.from_file(file, symbol))
    return load_calculator(file)
