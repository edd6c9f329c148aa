"""Figure 2b: error on the larger set, of distilled and of grid-based data sets."""

from pathlib import Path

from potstill.paper.figures import figure_2b
from potstill.runtime.job import job

with job(snakemake) as s:
    figure_2b(
        Path(s.input.curve),
        grid_summaries=dict(zip(s.params.grids, map(Path, s.input.grid_summaries), strict=True)),
        grid_evaluations=dict(
            zip(s.params.grids, map(Path, s.input.grid_evaluations), strict=True)
        ),
        outputs=[Path(path) for path in s.output],
    )
