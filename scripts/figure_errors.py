"""Where a model errs on a sampled set, and what its uncertainty tells of it."""

from pathlib import Path

from potstill.paper.figures import figure_errors
from potstill.runtime.job import job

with job(snakemake) as s:
    figure_errors(
        Path(s.input.evaluation),
        Path(s.input.summary),
        seed=s.params.seed,
        outputs=[Path(path) for path in s.output],
    )
