"""The reproduction: one page with every number beside the paper's, and the files that it shows."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from potstill.distillation.curve import read_curve
from potstill.errors import PotstillError
from potstill.paper import numbers
from potstill.paper.numbers import Number
from potstill.paper.small import small_png
from potstill.paper.tables import TITLES
from potstill.paper.times import Job, StageTime, by_stage, elapsed
from potstill.report.markup import markdown_table, write_csv, write_text
from potstill.report.read_results import Trained
from potstill.runtime.files import read_json

GOAL_MINUTES = 60.0
# Models and folders of the targets that are asked for apart from the default run.
_APART = re.compile(
    r"-(?:study|seed|native|scaled|bain|whole|few|validate|coexistence|melting)\b"
    r"|/study/|/properties/|/features/\w+/translation/"
)
PRINTED = {"1": 1, "2": 2}
# The model of each crystal table whose errors are goals.
JUDGED = {"2": "distilled", "3": "translated", "nb": "translated"}


@dataclass(frozen=True)
class Sources:
    """The result files that a page is made from.

    tables: CSV of the paper's tables by number (`s4` included), with Markdown beside them; figures:
    PNG; choices: models of several choices of frames from the distilled set, on it, by label; grids
    and few: models on the larger set, by label; compared: evaluations (JSON) by model and set
    (Figure S2); translated: evaluations (HDF5) by target; extra: tables (CSV, Markdown beside them)
    of targets that were asked for apart, by title; rows: CSV behind them that is copied and not
    shown, by file name.
    """

    tables: dict[str, Path]
    figures: list[Path]
    curve: Path
    reduction: Path
    choices: dict[str, Trained]
    grids: dict[str, Trained]
    few: dict[str, Trained]
    compared: dict[str, dict[str, Path]]
    translated: dict[str, Path]
    sets: Path
    extra: dict[str, Path]
    rows: dict[str, Path]


@dataclass(frozen=True)
class Making:
    """How a run was made: the command, its provenance, its jobs and the folder of their logs."""

    command: str
    provenance: dict[str, Any]
    jobs: Sequence[Job]
    logs: str


def write_reproduction(sources: Sources, making: Making, folder: Path) -> None:
    """Write README.md, numbers.csv and times.csv into `folder`, with copies of what they show.

    Tables go to `tables/`, figures to `figures/` (PNG of at most 300 kB), and the sampled sets'
    table to `sampling/sets.csv`. Raises PotstillError where no job of the run itself is on record.
    """
    own = [job for job in making.jobs if not _APART.search(job.log)]
    if not own:
        raise PotstillError(
            f"no record of the jobs that made the run with its logs in {making.logs}: make the "
            "page where the run was made, or bring its folder .snakemake along with its results"
        )
    apart = [job for job in making.jobs if job not in own]
    cut = unrecorded(sources.sets, own)
    run = together("whole run", own, cut)
    times = _time_cells(
        [
            *by_stage(own, making.logs),
            StageTime("sampling that was cut off", 0, cut, cut),
            run,
            together("asked for apart", apart),
        ]
    )
    few = numbers.larger_set_points(sources.few)
    found = [
        *numbers.figure_2a(sources.curve),
        *numbers.figure_2b(sources.curve, few),
        *(
            n
            for k, model in JUDGED.items()
            for n in numbers.crystal_goals(sources.tables[k], model)
        ),
        *(n for t, path in sources.translated.items() for n in numbers.translated(t, path)),
        Number("time with at least one job running", "min", None, run.elapsed / 60, GOAL_MINUTES),
    ]
    write_csv(folder / "numbers.csv", *_number_cells(found))
    write_csv(folder / "times.csv", *times)
    _copy(sources, folder)
    text = [
        f"# Reproduction, run `{making.provenance['settings']['run']}`",
        "Made from the result files by "
        f"`{making.command}`; not edited by hand. Empty cells under *paper* are numbers that are "
        "printed nowhere or not known to us. `numbers.csv` and `times.csv` hold the first and the "
        "last table.",
        _made(making, own),
        "## Numbers and goals",
        markdown_table(*_number_cells(found)),
        "The paper removes the mean of the error before it takes the MAE; goals are for the plain "
        "MAE. Errors at a share are those of the last iteration with at most the paper's share, or "
        "of the first where all have more.",
        *_distillation(sources),
        *_larger_set(sources, few),
        *_crystals(sources),
        *_compared(sources),
        "## Self energies (Table S4; its printed values are not known to us)",
        sources.tables["s4"].with_suffix(".md").read_text().strip(),
        *(part for title, table in sources.extra.items() for part in _extra(title, table)),
        "## Figures",
        *(f"![{figure.stem}](figures/{figure.name})" for figure in sources.figures),
        "## Time",
        markdown_table(*times),
        "Wall-clock times that Snakemake recorded, whatever else the machine did meanwhile. "
        "*Elapsed*: at least one job of the stage ran. A job that was cut off and went on counts "
        "from where it went on, but for sampling, whose other part follows from its steps and its "
        "steps per second.",
    ]
    write_text(folder / "README.md", "\n\n".join(text) + "\n")


def _number_cells(found: Sequence[Number]) -> tuple[list[str], list[list[str]]]:
    def cell(value: float | None) -> str:
        return "" if value is None else "none" if value == float("inf") else f"{value:.3g}"

    header = ["quantity", "unit", "paper", "ours", "goal", "verdict"]
    return header, [
        [n.quantity, n.unit, cell(n.paper), cell(n.ours), cell(n.goal), n.verdict] for n in found
    ]


def unrecorded(sets: Path, jobs: Sequence[Job]) -> float:
    """Return the time of sampling that no record of a job counts, s; 0 if all was recorded.

    sets: the sampled sets' table, whose steps and steps per second tell what all of it took. The
    record of a job that was cut off and went on tells only of the last part, or of none.
    """
    took = sum(
        (float(row["steps"]) + float(row["learning_steps"])) / float(row["steps_per_second"])
        for row in numbers.read_table(sets)
    )
    recorded = sum(job.end - job.start for job in jobs if job.rule == "sample")
    return max(0.0, took - recorded)


def together(name: str, jobs: Sequence[Job], more: float = 0.0) -> StageTime:
    """Return what some jobs took together, and `more` seconds when none of them ran."""
    total = sum(job.end - job.start for job in jobs)
    return StageTime(name, len(jobs), total + more, elapsed(jobs) + more)


def _time_cells(stages: Sequence[StageTime]) -> tuple[list[str], list[list[str]]]:
    header = ["stage", "jobs", "sum of jobs, min", "elapsed, min"]
    return header, [
        [t.stage, str(t.jobs), f"{t.total / 60:.1f}", f"{t.elapsed / 60:.1f}"] for t in stages
    ]


def _made(making: Making, jobs: Sequence[Job]) -> str:
    first, last = (
        datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d %H:%M")
        for t in (jobs[0].start, max(job.end for job in jobs))
    )
    git, machine = making.provenance["git"], making.provenance["machine"]
    changed = " with changes" if git and git["modified"] else ""
    code = f"revision {git['revision'][:10]}{changed}" if git else "no revision"
    return (
        f"Seed {making.provenance['seed']}; code: {code}; first job {first}, last {last} UTC; "
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_GiB']} GiB."
    )


def _distillation(sources: Sources) -> list[str]:
    report = read_json(sources.reduction)
    added = {row["iteration"]: row for row in report["iterations"]}
    header = ["iteration", "added", "of block", "frames", "% of frames", "% of larger set's atoms",
              "labelled", "MAE", "shifted", "MAE, larger set", "shifted"]  # fmt: skip
    cells = []
    for p in read_curve(sources.curve):
        row = added[p.iteration]
        cells.append(
            [str(p.iteration), str(row["added"]), str(row["added"] + row["dropped"]),
             str(p.frames), f"{100 * p.share_of_source_frames:.2f}",
             f"{100 * p.share_of_larger_atoms:.3f}", f"{p.labelled:.0f}",
             *(f"{error:.3f}" for error in (p.mae_source, p.mae_source_shifted, p.mae_larger,
                                            p.mae_larger_shifted))]
        )  # fmt: skip
    labels = (
        "it needs no labels of what it drops"
        if report["labelled"] == report["kept"]
        else "it needs labels of frames that it drops"
    )
    return [
        "## Iterations (Figure 2a)",
        markdown_table(header, cells),
        f"Errors in meV/atom. `{report['strategy']}` kept {report['kept']} of "
        f"{report['seen']} frames with {report['labelled']} labels: {labels}. Exact duplicates "
        f"among the kept: {report['duplicates_kept']}; near-duplicates dropped: "
        f"{report['near_duplicates_dropped']}.",
        markdown_table(*numbers.choices(sources.choices)),
        "Over all frames of the set, trained on or not; *worst 1%*: mean error of the worst.",
    ]


def _larger_set(sources: Sources, few: Sequence[numbers.Point]) -> list[str]:
    points = [
        *((f"{p.label} frames, spread evenly", p) for p in few),
        *((f"(H, O) grid {p.label}", p) for p in numbers.larger_set_points(sources.grids)),
    ]
    cells = [
        [name, str(p.frames), f"{p.share:.3f}", f"{p.mae:.3f}", f"{p.shifted:.3f}"]
        for name, p in points
    ]
    header = ["frames by", "frames", "% of larger set's atoms", "MAE, meV/atom", "shifted"]
    return [
        "## Grid-based distillation, and few frames (Figure 2b)",
        markdown_table(header, cells),
        "On the larger set. A grid in (H, O) needs the energy of every frame before it drops one, "
        "so all of that set's labels; evenly spread frames need no others.",
    ]


def _crystals(sources: Sources) -> list[str]:
    text = []
    for number in ("1", "2", "3", "nb"):
        text += [
            f"## {TITLES[number]}",
            markdown_table(*numbers.beside_printed(sources.tables[number], PRINTED.get(number))),
        ]
    return [
        *text,
        "Errors against the EAM in the same structure, as relaxed here. The paper's HCP stands "
        "beside the crystal held at c/a = sqrt(3), which reproduces its EAM row.",
    ]


def _compared(sources: Sources) -> list[str]:
    cells = []
    for model, by_set in sources.compared.items():
        tested = {name: read_json(path) for name, path in by_set.items()}
        cells.append(
            [f"{model} frames",
             *(f"{t['mae_meV_per_atom']:.2f} ({t['mae_shifted_meV_per_atom']:.2f})"
               for t in tested.values())]
        )  # fmt: skip
    header = ["trained on", *(f"on {name}" for name in next(iter(sources.compared.values())))]
    return [
        "## Each kind of frames on each kind (Figure S2; its numbers are not known to us)",
        markdown_table(header, cells),
        "MAE and, in brackets, the same with the mean shifted, meV/atom.",
    ]


def _extra(title: str, table: Path) -> list[str]:
    return [f"## {title}", table.with_suffix(".md").read_text().strip()]


def _copy(sources: Sources, folder: Path) -> None:
    """Copy what the page shows."""
    for part in ("tables", "figures", "sampling"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    tables = {path.stem: path for path in sources.tables.values()}
    tables |= {title.replace(" ", "_"): path for title, path in sources.extra.items()}
    for name, table in tables.items():
        for path in (table, table.with_suffix(".md")):
            shutil.copyfile(path, folder / "tables" / f"{name}{path.suffix}")
    for name, rows in sources.rows.items():
        shutil.copyfile(rows, folder / "tables" / name)
    shutil.copyfile(sources.curve, folder / "tables/curve.csv")
    shutil.copyfile(sources.reduction.with_suffix(".md"), folder / "tables/reduction.md")
    shutil.copyfile(sources.sets, folder / "sampling/sets.csv")
    for figure in sources.figures:
        small_png(figure, folder / "figures" / figure.name)
