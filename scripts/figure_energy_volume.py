"""The translated frames and the targets' own."""

from pathlib import Path

from potstill.paper.figures import energy_volume
from potstill.runtime.job import job

with job(snakemake) as s:
    translated, own, crystals = (
        dict(zip(s.params.targets, map(Path, files), strict=True))
        for files in (s.input.translated, s.input.own, s.input.crystals)
    )
    energy_volume(translated, own, crystals, outputs=[Path(path) for path in s.output])
