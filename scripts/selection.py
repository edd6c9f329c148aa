"""Select frames of one block into the data set of one iteration."""

from pathlib import Path

from potstill.distillation.select import select_block
from potstill.runtime.job import job
from potstill.settings import Descriptor, Distillation

with job(snakemake) as s:
    first = s.wildcards.iteration == "0"
    select_block(
        Path(s.input.frames),
        previous=None if first else Path(s.input.previous),
        scores=Path(s.input.scores) if hasattr(s.input, "scores") else None,
        iteration=int(s.wildcards.iteration),
        settings=Distillation.model_validate(s.params.settings),
        descriptor=Descriptor.model_validate(s.params.descriptor),
        seed=s.params.seed,
        selection=Path(s.output.selection),
        summary=Path(s.output.summary),
    )
