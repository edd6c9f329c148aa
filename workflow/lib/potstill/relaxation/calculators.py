"""The calculator that a relaxation is asked for: a reference or a trained model."""

from pathlib import Path

from ase.calculators.calculator import Calculator

from potstill.labels.label_source import make_calculator, work_in
from potstill.models import load_calculator
from potstill.potentials.eam import EamPotential
from potstill.potentials.eam_calculator import EAM
from potstill.settings import Labels


def open_calculator(
    model: str, file: Path, symbol: str, *, labels: Labels | None = None, folder: Path | None = None
) -> Calculator:
    """Return the calculator called `model` of an element.

    `EAM`: from its table `file`. The name of `labels`: the calculator that labels the element's
    frames; if it runs a program, in `folder`. Any other: the trained ensemble in `file`.
    """
    if model == "EAM":
        return EAM(EamPotential.from_file(file, symbol))
    if labels is not None and model == labels.name:
        calculator = make_calculator(f"labels.{symbol}", labels.calculator, labels.arguments)
        if folder is not None:
            work_in(calculator, folder)
        return calculator
    return load_calculator(file)
