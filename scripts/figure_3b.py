"""Figure 3b: models of translated frames on the targets' own frames."""

from pathlib import Path

from potstill.paper.figures import figure_3b
from potstill.runtime.job import job

with job(snakemake) as s:
    evaluations = dict(zip(s.params.targets, map(Path, s.input.evaluations), strict=True))
    figure_3b(evaluations, outputs=[Path(path) for path in s.output])
