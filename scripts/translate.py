"""Translate the distilled frames of one element to another and label them anew."""

from pathlib import Path

from potstill.runtime.job import job
from potstill.translation.scaling import translate

with job(snakemake) as s:
    translate(
        Path(s.input.frames),
        target=s.wildcards.target,
        scale=s.params.scale,
        bain_share=s.params.bain_share,
        potential=Path(s.input.potential),
        threads=s.threads,
        output=Path(s.output.frames),
    )
