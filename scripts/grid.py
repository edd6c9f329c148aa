"""Distil a sampled set by a grid on the (enthalpy, order) plane."""

from pathlib import Path

from potstill.paper.grid_cells import distil_grid
from potstill.runtime.job import job

with job(snakemake) as s:
    high, wide = s.params.cells
    distil_grid(
        Path(s.input.frames),
        cells=(high, wide),
        seed=s.params.seed,
        output=Path(s.output.frames),
    )
