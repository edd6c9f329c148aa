"""Relax the crystals of one element with the reference potential or with a model."""

from pathlib import Path

from potstill.potentials.calculator import EAM
from potstill.potentials.eam import EamPotential
from potstill.relaxation import relax_crystals
from potstill.runtime.job import job
from potstill.sections import Element
from potstill.training import load_calculator

with job(snakemake) as s:
    symbol, model, potential = s.wildcards.element, s.wildcards.model, Path(s.input.potential)
    if model == "EAM":
        calculator = EAM(EamPotential.from_file(potential, symbol))
    else:
        calculator = load_calculator(potential)
    relax_crystals(
        calculator,
        model=model,
        symbol=symbol,
        element=Element.model_validate(s.params.element),
        output=Path(s.output[0]),
    )
