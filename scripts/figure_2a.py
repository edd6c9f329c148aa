"""Figure 2a: error against share of the distilled set, beside random frames and all."""

from pathlib import Path

from potstill.paper.figures import figure_2a
from potstill.report.read_results import Trained
from potstill.runtime.job import job

with job(snakemake) as s:
    figure_2a(
        Path(s.input.curve),
        random=Trained(*map(Path, s.input.random)),
        full=Trained(*map(Path, s.input.full)),
        outputs=[Path(path) for path in s.output],
    )
