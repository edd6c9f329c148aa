"""Table S4: each model's self energy."""

from pathlib import Path

from potstill.paper.tables import self_energy_table
from potstill.runtime.job import job

with job(snakemake) as s:
    self_energy_table(
        dict(zip(s.params.models, map(Path, s.input.summaries), strict=True)),
        title=s.params.title,
        csv=Path(s.output.csv),
        markdown=Path(s.output.markdown),
        tex=Path(s.output.tex),
        page=Path(s.output.page),
    )
