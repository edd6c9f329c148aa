"""Figure 1: the workflow with this run's counts."""

from pathlib import Path

from potstill.paper.figures import figure_1
from potstill.runtime.job import job

with job(snakemake) as s:
    figure_1(
        Path(s.input.sampling),
        [Path(path) for path in s.input.selections],
        Path(s.input.model),
        targets=s.params.targets,
        outputs=[Path(path) for path in s.output],
    )
