"""Figure S2: models of each kind of frames on each kind of frames."""

from pathlib import Path

from potstill.paper.figures import figure_s2
from potstill.runtime.job import job

with job(snakemake) as s:
    labels, files = s.params.labels, iter(s.input.evaluations)
    figure_s2(
        {model: {tested: Path(next(files)) for tested in labels} for model in labels},
        outputs=[Path(path) for path in s.output],
    )
