"""Set every number beside the paper's."""

from pathlib import Path

from potstill.paper.reproduction import Making, Sources, write_reproduction
from potstill.paper.times import METADATA, read_jobs
from potstill.report.read_results import Trained
from potstill.runtime.files import read_json
from potstill.runtime.job import job


def paths(names, files):
    """Return the files as paths, by name."""
    return dict(zip(names, map(Path, files), strict=True))


with job(snakemake) as s:
    compared = iter(s.input.compared)
    choices, grids, few = (
        dict(zip(labels, map(Trained, map(Path, trained), map(Path, tested)), strict=True))
        for labels, trained, tested in (
            (s.params.choices, s.input.choice_summaries, s.input.choice_evaluations),
            (s.params.grids, s.input.grid_summaries, s.input.grid_evaluations),
            (s.params.few, s.input.few_summaries, s.input.few_evaluations),
        )
    )
    write_reproduction(
        Sources(
            tables=paths(s.params.tables, s.input.tables),
            figures=[Path(path) for path in s.input.figures],
            curve=Path(s.input.curve),
            reduction=Path(s.input.reduction),
            choices=choices,
            grids=grids,
            few=few,
            compared={
                model: {name: Path(next(compared)) for name in s.params.compared}
                for model in s.params.compared
            },
            translated=paths(s.params.targets, s.input.translated),
            sets=Path(s.input.sets),
            extra=paths(s.params.apart, s.input.get("apart", [])),
            rows=paths(s.params.rows, s.input.get("rows", [])),
        ),
        Making(
            command=s.params.command,
            provenance=read_json(s.input.provenance),
            jobs=read_jobs(METADATA, s.params.logs),
            logs=s.params.logs,
        ),
        Path(s.output.page).parent,
    )
