"""Relax the crystals of one element with a reference or with a model."""

from pathlib import Path

from potstill.relaxation import open_calculator, relax_crystals
from potstill.runtime.job import job
from potstill.settings import Element, load_settings

with job(snakemake) as s:
    symbol, model = s.wildcards.element, s.wildcards.model
    relax_crystals(
        open_calculator(
            model,
            Path(s.input.potential),
            symbol,
            labels=load_settings(s.config).labels[symbol] if s.params.labels else None,
            folder=Path(s.output[0]).with_suffix(".work"),
        ),
        model=model,
        symbol=symbol,
        element=Element.model_validate(s.params.element),
        output=Path(s.output[0]),
    )
