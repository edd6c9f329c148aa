"""Fetch one table of EAM functions and verify it."""

from pathlib import Path

from potstill.potentials.fetch import fetch_table
from potstill.runtime.job import job
from potstill.settings import Table

with job(snakemake) as s:
    table = Table.model_validate(s.params.settings)
    fetch_table(s.wildcards.table, Path(s.output[0]), file=table.file, sha256=table.sha256)
