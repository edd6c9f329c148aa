"""Figure 2a: error against share of the distilled set."""

from pathlib import Path

from potstill.paper.figures import figure_2a
from potstill.runtime.job import job

with job(snakemake) as s:
    figure_2a(Path(s.input.curve), outputs=[Path(path) for path in s.output])
