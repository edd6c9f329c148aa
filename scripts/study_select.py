"""Let one strategy of the study choose from the pool."""

from pathlib import Path

from potstill.paper.study.choose import select_study
from potstill.runtime.job import job
from potstill.settings import Descriptor

with job(snakemake) as s:
    start, scores = s.input.get("start"), s.input.get("scores")
    select_study(
        Path(s.input.pool),
        start=Path(start) if start else None,
        scores=Path(scores) if scores else None,
        strategy=s.wildcards.strategy,
        count=s.params.number,
        replica=int(s.wildcards.replica),
        descriptor=Descriptor.model_validate(s.params.descriptor),
        seed=s.params.seed,
        selection=Path(s.output.selection),
        summary=Path(s.output.summary),
    )
