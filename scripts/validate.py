"""Hold the reweighted averages of a MOMT set against plain NPT runs."""

from pathlib import Path

from potstill.runtime.job import job
from potstill.sampling.validation import validate
from potstill.settings import Element

with job(snakemake) as s:
    validate(
        Path(s.input.frames),
        element=Element.model_validate(s.params.element),
        potential=Path(s.input.potential),
        timestep_fs=s.params.timestep_fs,
        steps=s.params.steps,
        seed=s.params.seed,
        threads=s.threads,
        output=Path(s.output.table),
    )
