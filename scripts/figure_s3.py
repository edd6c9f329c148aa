"""Figure S3: how the MOMT sets cover the plane of enthalpy and order parameter."""

from pathlib import Path

from potstill.paper.figures import figure_s3
from potstill.runtime.job import job
from potstill.settings import split_set

with job(snakemake) as s:
    names = map(split_set, s.params.sets)
    labels = [f"{element}, {atoms} atoms" for element, atoms, _ in names]
    figure_s3(
        dict(zip(labels, map(Path, s.input.sets), strict=True)),
        outputs=[Path(path) for path in s.output],
    )
