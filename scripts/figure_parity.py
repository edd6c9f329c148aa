"""Figures 3a and 3b and their like: predicted against true energy of sampled sets."""

from pathlib import Path

from potstill.paper.figures import parity
from potstill.runtime.job import job

with job(snakemake) as s:
    parity(
        dict(zip(s.params.titles, map(Path, s.input.evaluations), strict=True)),
        circle=s.params.circle,
        outputs=[Path(path) for path in s.output],
    )
