"""Find the bulk's melting temperature from crystal and liquid in one cell."""

from pathlib import Path

from potstill.runtime.job import job
from potstill.sampling.coexistence import coexistence
from potstill.settings import Element

with job(snakemake) as s:
    coexistence(
        element=Element.model_validate(s.params.element),
        symbol=s.wildcards.element,
        potential=Path(s.input.potential),
        guess_K=s.params.guess_K,
        timestep_fs=s.params.timestep_fs,
        seed=s.params.seed,
        threads=s.threads,
        output=Path(s.output.summary),
    )
