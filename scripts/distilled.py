"""Name the last iteration's data set the distilled one, and say in it how it was made."""

from pathlib import Path

from potstill.distillation.distilled import write_distilled
from potstill.runtime.job import job
from potstill.settings import Distillation

with job(snakemake) as s:
    write_distilled(
        Path(s.input.selection),
        settings=Distillation.model_validate(s.params.settings),
        seed=s.params.seed,
        last_iteration=s.params.last_iteration,
        output=Path(s.output.frames),
    )
