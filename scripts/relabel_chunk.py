"""Label one chunk of frames by the calculator that the configuration names."""

from pathlib import Path

from potstill.runtime.job import job
from potstill.sections import Labels
from potstill.translation import relabel_chunk

with job(snakemake) as s:
    relabel_chunk(
        Path(s.input.frames),
        labels=Labels.model_validate(s.params.labels),
        chunk=int(s.wildcards.chunk),
        output=Path(s.output[0]),
    )
