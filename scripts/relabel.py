"""Write the frames with the labels of all chunks."""

from pathlib import Path

from potstill.labels import join_chunks
from potstill.runtime.job import job
from potstill.settings import load_settings

with job(snakemake) as s:
    join_chunks(
        Path(s.input.frames),
        [Path(chunk) for chunk in s.input.chunks],
        labels=load_settings(s.config).labels[s.params.element],
        store=Path(s.params.store),
        output=Path(s.output.frames),
        summary=Path(s.output.summary),
    )
