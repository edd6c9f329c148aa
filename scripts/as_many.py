"""Choose as many frames of a set as another holds."""

from pathlib import Path

from potstill.paper.as_many import select_as_many
from potstill.runtime.job import job
from potstill.settings import Descriptor

with job(snakemake) as s:
    select_as_many(
        Path(s.input.other),
        Path(s.input.pool),
        of=s.params.of,
        strategy=s.wildcards.strategy,
        descriptor=Descriptor.model_validate(s.params.descriptor),
        seed=s.params.seed,
        selection=Path(s.output.frames),
        summary=Path(s.output.summary),
    )
