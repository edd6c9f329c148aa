"""The calculator that a relaxation is asked for: a reference or a trained model."""

from pathlib import Path

from ase.calculators.calculator import Calculator

from potstill.errors import PotstillError
from potstill.labels.kept_calculator import KeptCalculator
from potstill.labels.label_source import make_calculator, work_in
from potstill.models import load_calculator
from potstill.potentials.eam import EamPotential
from potstill.potentials.eam_calculator import EAM
from potstill.settings import Labels


def open_calculator(
    model: str,
    file: Path | None,
    symbol: str,
    *,
    labels: Labels | None = None,
    folder: Path | None = None,
    store: Path | None = None,
) -> Calculator:
    """Return the calculator called `model` of an element.

    The name of `labels`: the calculator that labels the element's frames; if it runs a program, in
    `folder`; with `store`, what it calculates is kept in this folder. `EAM`: from its table `file`.
    Any other: the trained ensemble in `file`.
    """
    if labels is not None and model == labels.name:
        calculator = make_calculator(f"labels.{symbol}", labels.calculator, labels.arguments)
        if folder is not None:
            work_in(calculator, folder)
        return calculator if store is None else KeptCalculator(calculator, labels, store)
    if file is None:
        raise PotstillError(f"{model}: no file is given for it")
    if model == "EAM":
        return EAM(EamPotential.from_file(file, symbol))
    return load_calculator(file)
