"""Sample one set of frames, by MOMT or by conventional NPT."""

from pathlib import Path

from potstill.runtime.job import job
from potstill.sampling.sample import sample
from potstill.settings import Element, Momt, Npt

with job(snakemake) as s:
    method = {"momt": Momt, "npt": Npt}[s.params.settings["method"]]
    sample(
        method.model_validate(s.params.settings),
        name=s.params.name,
        element=Element.model_validate(s.params.element),
        potential=Path(s.input.potential),
        seed=s.params.seed,
        device=s.params.device,
        threads=s.threads,
        frames=Path(s.output.frames),
        summary=Path(s.output.summary),
        trace=Path(s.output.trace),
    )
