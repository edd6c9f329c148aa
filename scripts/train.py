"""Train one ensemble."""

from pathlib import Path

from potstill.runtime.job import job
from potstill.settings import Training
from potstill.training.train_model import train_model

with job(snakemake) as s:
    train_model(
        Path(s.input.frames),
        count=s.params.number,
        settings=Training.model_validate(s.params.settings),
        seed=s.params.seed,
        device=s.params.device,
        threads=s.threads,
        model=Path(s.output.model),
        history=Path(s.output.history),
        summary=Path(s.output.summary),
    )
