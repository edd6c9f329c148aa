"""Put all sampled sets into one table."""

from pathlib import Path

from potstill.runtime.job import job
from potstill.sampling.sets_table import overview

with job(snakemake) as s:
    overview(s.params.names, [Path(file) for file in s.input], Path(s.output.table))
