"""Put the models of the study of strategies into one table."""

from pathlib import Path

from potstill.paper.study.study_table import Run, write_study
from potstill.runtime.job import job

with job(snakemake) as s:
    tests = s.params.tests
    evaluations = [Path(path) for path in s.input.evaluations]
    write_study(
        [
            Run(
                strategy,
                float(percent),
                replica,
                Path(s.input.summaries[i]),
                dict(zip(tests, evaluations[i * len(tests) :], strict=False)),
                Path(s.input.crystals[i]),
            )
            for i, (strategy, percent, replica) in enumerate(s.params.models)
        ],
        Path(s.input.reference),
        rows=Path(s.output.rows),
        table=Path(s.output.table),
        over=Path(s.output.over),
        markdown=Path(s.output.markdown),
    )
