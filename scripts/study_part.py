"""Part a sampled set into the test frames and the pool of the study of strategies."""

from pathlib import Path

from potstill.paper.study.choose import write_part
from potstill.runtime.job import job

with job(snakemake) as s:
    write_part(
        Path(s.input.frames),
        test=s.params.test,
        test_frames=s.params.test_frames,
        seed=s.params.seed,
        output=Path(s.output.frames),
    )
