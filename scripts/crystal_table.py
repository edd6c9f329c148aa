"""Tables 1, 2, 3 and that of niobium: relaxed crystals of the EAM and of models."""

from pathlib import Path

from potstill.paper.tables import crystal_table
from potstill.runtime.job import job

with job(snakemake) as s:
    crystal_table(
        Path(s.input.reference),
        dict(zip(s.params.models, map(Path, s.input.models), strict=True)),
        dict(zip(s.params.models, map(Path, s.input.summaries), strict=True)),
        printed=s.params.printed,
        title=s.params.title,
        csv=Path(s.output.csv),
        markdown=Path(s.output.markdown),
        tex=Path(s.output.tex),
        page=Path(s.output.page),
    )
