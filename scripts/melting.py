"""Set the melting temperatures of the small cells beside the bulk's."""

from pathlib import Path

from potstill.runtime.job import job
from potstill.sampling.melting import melting

with job(snakemake) as s:
    melting(
        sets=[Path(file) for file in s.input.sets],
        atoms=s.params.atoms,
        two_phase=Path(s.input.two_phase),
        output=Path(s.output.summary),
    )
