"""Write down what made this run."""

from pathlib import Path

from potstill.potentials.setfl import numbers_sha256
from potstill.runtime.job import job
from potstill.runtime.records import write_provenance
from potstill.settings import Settings

with job(snakemake) as s:
    tables = [Path(path) for path in s.input.potentials]
    write_provenance(
        s.input.files,
        settings=Settings.model_validate(s.params.settings),
        potentials={p.name.removesuffix(".eam.fs"): numbers_sha256(p.read_text()) for p in tables},
        directory=s.params.repository,
        output=Path(s.output[0]),
    )
