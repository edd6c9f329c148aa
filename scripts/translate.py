"""Translate the distilled frames of one element to another and label them anew."""

from pathlib import Path

from potstill.runtime.job import job
from potstill.settings import Element
from potstill.translation import translate

with job(snakemake) as s:
    translate(
        Path(s.input.frames),
        source=Element.model_validate(s.params.source),
        target=Element.model_validate(s.params.target),
        target_symbol=s.wildcards.target,
        scale=s.params.scale,
        potential=Path(s.input.potential),
        threads=s.threads,
        output=Path(s.output.frames),
    )
