"""Draw the random frames whose model the uncertainty strategies of the study ask."""

from pathlib import Path

from potstill.paper.study.choose import draw_start
from potstill.runtime.job import job

with job(snakemake) as s:
    draw_start(
        Path(s.input.pool),
        count=s.params.number,
        replica=int(s.wildcards.replica),
        seed=s.params.seed,
        output=Path(s.output.frames),
    )
