"""How one sampled set came about: the walk, its coverage, its bias and what they tell."""

from pathlib import Path

from potstill.paper.figures import momt_diagnostics, npt_diagnostics
from potstill.runtime.job import job

with job(snakemake) as s:
    trace, outputs = Path(s.input.trace), [Path(path) for path in s.output]
    if s.params.settings["method"] == "momt":
        momt_diagnostics(
            trace,
            low_K=s.params.settings["low_temperature_K"],
            high_K=s.params.settings["high_temperature_K"],
            outputs=outputs,
        )
    else:
        npt_diagnostics(trace, outputs=outputs)
