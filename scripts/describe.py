"""Compute the symmetry functions of one set, for all models tested on it."""

from pathlib import Path

from potstill.descriptors.feature_file import write_features
from potstill.runtime.job import job
from potstill.settings import Descriptor

with job(snakemake) as s:
    write_features(
        Path(s.input.frames),
        Descriptor.model_validate(s.params.descriptor),
        threads=s.threads,
        output=Path(s.output.features),
    )
