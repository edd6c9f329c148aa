"""Report what a distillation kept and dropped."""

from pathlib import Path

from potstill.distillation.reduction import write_reduction
from potstill.runtime.job import job
from potstill.settings import Descriptor

with job(snakemake) as s:
    write_reduction(
        Path(s.input.frames),
        Path(s.input.selection),
        [Path(path) for path in s.input.summaries],
        descriptor=Descriptor.model_validate(s.params.descriptor),
        kept=Path(s.output.kept),
        summary=Path(s.output.summary),
        markdown=Path(s.output.markdown),
    )
