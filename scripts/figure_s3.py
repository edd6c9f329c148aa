"""Figure S3: how the MOMT sets cover the plane of enthalpy and order parameter."""

from pathlib import Path

from potstill.paper.figures import figure_s3
from potstill.runtime.job import job

with job(snakemake) as s:
    figure_s3(
        dict(zip(s.params.titles, map(Path, s.input.sets), strict=True)),
        outputs=[Path(path) for path in s.output],
    )
