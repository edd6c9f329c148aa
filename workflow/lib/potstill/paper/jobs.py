"""What the rules of studies, comparisons and the reproduction run: files in lists, put in order."""

from collections.abc import Sequence
from pathlib import Path

from potstill.paper.comparison import Compared, write_comparison
from potstill.paper.reproduction import Making, Sources, write_reproduction
from potstill.paper.seeds import write_seeds
from potstill.paper.study.study_table import Run, write_study
from potstill.paper.times import METADATA, read_jobs
from potstill.report.read_results import Trained
from potstill.runtime.files import read_json

Paths = Sequence[Path]


def study_table(
    models: Sequence[tuple[str, float, int]],
    tests: Sequence[str],
    *,
    reference: Path,
    summaries: Paths,
    evaluations: Paths,
    crystals: Paths,
    rows: Path,
    table: Path,
    over: Path,
    markdown: Path,
) -> None:
    """Put the models of a study into one table, see `write_study`.

    models: strategy, share in percent and replica. evaluations: each model's on each test set.
    """
    runs = []
    for i, (strategy, percent, replica) in enumerate(models):
        on_tests = evaluations[i * len(tests) : (i + 1) * len(tests)]
        tested = dict(zip(tests, on_tests, strict=True))
        runs.append(Run(strategy, percent, replica, summaries[i], tested, crystals[i]))
    write_study(runs, reference, rows=rows, table=table, over=over, markdown=markdown)


def comparison(
    labels: Sequence[str],
    summaries: Paths,
    evaluations: Paths,
    choices: Paths,
    *,
    csv: Path,
    markdown: Path,
) -> None:
    """Set models of translated frames beside models of native ones, see `write_comparison`.

    choices: the summaries of the choices of native frames, one for each label of them.
    """
    rest = iter(choices)
    models = [
        Compared(label, summary, tested, next(rest) if label.startswith("native") else None)
        for label, summary, tested in zip(labels, summaries, evaluations, strict=True)
    ]
    write_comparison(models, csv=csv, markdown=markdown)


def seeds(
    reference: Path, crystals: Paths, summaries: dict[str, Path], *, csv: Path, markdown: Path
) -> None:
    """Put relaxed crystals of models of several seeds into one table, see `write_seeds`.

    crystals: those of each model in `summaries`, a file for each seed.
    """
    each = len(crystals) // len(summaries)
    models = {model: crystals[i * each : (i + 1) * each] for i, model in enumerate(summaries)}
    write_seeds(reference, models, summaries, csv=csv, markdown=markdown)


def reproduction(
    *,
    labels: dict[str, list[str]],
    logs: str,
    command: str,
    provenance: Path,
    tables: Paths,
    figures: list[Path],
    curve: Path,
    reduction: Path,
    choice_summaries: Paths,
    choice_evaluations: Paths,
    grid_summaries: Paths,
    grid_evaluations: Paths,
    few_summaries: Paths,
    few_evaluations: Paths,
    compared: Paths,
    translated: Paths,
    sets: Path,
    apart: Paths = (),
    rows: Paths = (),
    page: Path,
    numbers: Path,
    times: Path,
    sampled: Path,
    copies: Paths,
    drawn: Paths,
) -> None:
    """Set every number beside the paper's, see `write_reproduction`.

    labels: what the files of each list are of. The last six arguments are what it writes, in the
    folder of the page.
    """

    def named(name: str, files: Paths) -> dict[str, Path]:
        return dict(zip(labels[name], files, strict=True))

    def models(name: str, summaries: Paths, evaluations: Paths) -> dict[str, Trained]:
        pairs = map(Trained, summaries, evaluations)
        return dict(zip(labels[name], pairs, strict=True))

    each = iter(compared)
    write_reproduction(
        Sources(
            tables=named("tables", tables),
            figures=figures,
            curve=curve,
            reduction=reduction,
            choices=models("choices", choice_summaries, choice_evaluations),
            grids=models("grids", grid_summaries, grid_evaluations),
            few=models("few", few_summaries, few_evaluations),
            compared={
                model: {name: next(each) for name in labels["compared"]}
                for model in labels["compared"]
            },
            translated=named("translated", translated),
            sets=sets,
            extra=named("apart", apart),
            rows=named("rows", rows),
        ),
        Making(
            command=command,
            provenance=read_json(provenance),
            jobs=read_jobs(METADATA, logs),
            logs=logs,
        ),
        page.parent,
    )
