"""Put the properties of the reference potential and of models into one table."""

from pathlib import Path

from potstill.properties.properties_table import properties_table
from potstill.runtime.job import job

with job(snakemake) as s:
    properties_table(
        Path(s.input.reference),
        dict(zip(s.params.models, map(Path, s.input.models), strict=True)),
        dict(zip(s.params.models, map(Path, s.input.summaries), strict=True)),
        csv=Path(s.output.csv),
        markdown=Path(s.output.markdown),
        tex=Path(s.output.tex),
        page=Path(s.output.page),
    )
