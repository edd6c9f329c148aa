"""Choose as many of a target's own frames as were translated to it."""

from pathlib import Path

from potstill.runtime.job import job
from potstill.sections import Descriptor
from potstill.translation.native import select_native

with job(snakemake) as s:
    select_native(
        Path(s.input.translated),
        Path(s.input.pool),
        of=s.wildcards.of,
        strategy=s.wildcards.strategy,
        descriptor=Descriptor.model_validate(s.params.descriptor),
        seed=s.params.seed,
        selection=Path(s.output.frames),
        summary=Path(s.output.summary),
    )
