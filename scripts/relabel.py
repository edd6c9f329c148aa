"""Join the chunks of relabelled frames."""

from pathlib import Path

from potstill.runtime.job import job
from potstill.translation import join_chunks

with job(snakemake) as s:
    join_chunks([Path(chunk) for chunk in s.input.chunks], Path(s.output[0]))
