"""Set models of translated frames beside models of the target's own."""

from pathlib import Path

from potstill.paper.comparison import Compared, write_comparison
from potstill.runtime.job import job

with job(snakemake) as s:
    choices = iter(s.input.choices)
    write_comparison(
        [
            Compared(
                label,
                Path(summary),
                Path(evaluation),
                Path(next(choices)) if label.startswith("native") else None,
            )
            for label, summary, evaluation in zip(
                s.params.labels, s.input.summaries, s.input.evaluations, strict=True
            )
        ],
        csv=Path(s.output.csv),
        markdown=Path(s.output.markdown),
    )
