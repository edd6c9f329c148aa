"""Put relaxed crystals of models of several seeds into one table."""

from pathlib import Path

from potstill.paper.seeds import write_seeds
from potstill.runtime.job import job

with job(snakemake) as s:
    files = iter(s.input.crystals)
    write_seeds(
        Path(s.input.reference),
        {model: [Path(next(files)) for _ in range(s.params.seeds)] for model in s.params.models},
        dict(zip(s.params.models, map(Path, s.input.summaries), strict=True)),
        csv=Path(s.output.csv),
        markdown=Path(s.output.markdown),
    )
