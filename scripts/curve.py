"""Write the curve of error against share of data."""

from pathlib import Path

from potstill.distillation.curve import write_curve
from potstill.runtime.job import job

with job(snakemake) as s:
    write_curve(
        [Path(path) for path in s.input.summaries],
        [Path(path) for path in s.input.source],
        [Path(path) for path in s.input.reference],
        **s.params.sizes,
        output=Path(s.output[0]),
    )
