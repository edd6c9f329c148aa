"""Score the frames of the next block by the disagreement of the ensemble's members."""

from pathlib import Path

from potstill.distillation.score import score_block
from potstill.runtime.job import job

with job(snakemake) as s:
    score_block(
        Path(s.input.model),
        Path(s.input.frames),
        block=s.params.block,
        blocks=s.params.blocks,
        device=s.params.device,
        threads=s.threads,
        output=Path(s.output.scores),
    )
