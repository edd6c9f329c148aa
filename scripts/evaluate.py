"""Compare one ensemble with the labels of one sampled set."""

from pathlib import Path

from potstill.models.evaluation import evaluate_model
from potstill.runtime.job import job

with job(snakemake) as s:
    evaluate_model(
        Path(s.input.model),
        Path(s.input.frames),
        Path(s.input.features),
        seed=s.params.seed,
        device=s.params.device,
        threads=s.threads,
        output=Path(s.output.evaluation),
        summary=Path(s.output.summary),
    )
