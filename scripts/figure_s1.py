"""Figure S1: enthalpy of conventional and MOMT runs."""

from pathlib import Path

from potstill.paper.figures import figure_s1
from potstill.runtime.job import job

with job(snakemake) as s:
    traces = dict(zip(s.params.labels, map(Path, s.input.traces), strict=True))
    figure_s1(traces, outputs=[Path(path) for path in s.output])
