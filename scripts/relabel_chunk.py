"""Label one chunk of frames by the calculator that the configuration names."""

from pathlib import Path

from potstill.labels import relabel_chunk
from potstill.runtime.job import job
from potstill.settings import load_settings

with job(snakemake) as s:
    relabel_chunk(
        Path(s.input.frames),
        labels=load_settings(s.config).labels[s.params.element],
        chunk=int(s.wildcards.chunk),
        store=Path(s.params.store),
        output=Path(s.output[0]),
    )
