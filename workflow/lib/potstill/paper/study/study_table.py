"""The table of the study: errors by strategy and share, with intervals over the seeds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import t, ttest_ind

from potstill.paper.study.over_shares import (
    CONFIDENCE,
    Row,
    columns,
    error_names,
    markdown_ratios,
    ratios,
    require_random,
    title,
)
from potstill.report.markup import bold, markdown_table, write_csv, write_text
from potstill.runtime.files import read_json

STRUCTURES = ("FCC", "BCC", "HCP")
_ERRORS = {
    "mae": "mae_meV_per_atom",
    "force_mae": "force_mae_meV_per_A",
    "worst_percent": "worst_percent_meV_per_atom",
}


@dataclass(frozen=True)
class Run:
    """The result files of one model: one strategy, share (percent) and replica."""

    strategy: str
    percent: float
    replica: int
    summary: Path
    evaluations: dict[str, Path]
    crystals: Path


def read_run(run: Run, reference: dict[str, float]) -> Row:
    """Return one model's row: what was chosen, and its errors.

    reference: energies of the relaxed crystals with the reference potential, eV/atom. Errors of
    crystals are absolute, meV/atom; NaN for one that did not relax.
    """
    selected = read_json(run.summary)
    row: Row = {
        "strategy": run.strategy,
        "percent": run.percent,
        "replica": run.replica,
        "frames": selected["frames"],
        "labelled": selected["labelled"],
    }
    for name, path in run.evaluations.items():
        found = read_json(path)
        label = name.replace("/", "-")
        row |= {f"{label}_{key}": found[key] for key in _ERRORS.values()}
    relaxed = crystal_energies(run.crystals)
    for structure in STRUCTURES:
        error = 1e3 * abs(relaxed[structure] - reference[structure])
        row[f"{structure}_error_meV_per_atom"] = error
    return row


def crystal_energies(path: Path) -> dict[str, float]:
    """Return the energies by structure, eV/atom; NaN for a crystal that did not relax."""
    return {
        crystal["structure"]: crystal["energy_eV_per_atom"] if crystal["converged"] else np.nan
        for crystal in read_json(path)["crystals"]
    }


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and half the width of its 95% interval (Student's t); NaN for one value."""
    sample = np.asarray(values, dtype=np.float64)
    if len(sample) < 2:
        return float(sample.mean()), float("nan")
    factor = t.ppf(0.5 * (1 + CONFIDENCE), len(sample) - 1) / np.sqrt(len(sample))
    return float(sample.mean()), float(factor * sample.std(ddof=1))


def against_random(values: Sequence[float], random: Sequence[float]) -> str:
    """Return "better", "worse" or "" by the 95% interval of the difference of means (Welch)."""
    if min(len(values), len(random)) < 2 or not np.isfinite([*values, *random]).all():
        return ""
    if np.ptp(values) == np.ptp(random) == 0:  # no spread, no test
        difference = values[0] - random[0]
        return "better" if difference < 0 else "worse" if difference > 0 else ""
    found = ttest_ind(values, random, equal_var=False).confidence_interval(CONFIDENCE)
    return "better" if found.high < 0 else "worse" if found.low > 0 else ""


def summarise(rows: Sequence[Row]) -> list[Row]:
    """Return a row for each share and strategy: mean, half interval and verdict by error.

    Each error E has the columns E (mean over the replicas), E_interval and E_against_random.
    Raises PotstillError when a share has no random selection to compare with.
    """
    require_random(rows, "study")
    errors = error_names(rows[0])
    table = []
    for percent in sorted({row["percent"] for row in rows}):
        here = [row for row in rows if row["percent"] == percent]
        random = [row for row in here if row["strategy"] == "random"]
        for strategy in dict.fromkeys(row["strategy"] for row in here):
            own = [row for row in here if row["strategy"] == strategy]
            line: Row = {
                "percent": percent,
                "strategy": strategy,
                "frames": own[0]["frames"],
                "labelled": own[0]["labelled"],
                "replicas": len(own),
            }
            for name in errors:
                values = [row[name] for row in own]
                line[name], line[f"{name}_interval"] = interval(values)
                line[f"{name}_against_random"] = (
                    ""
                    if strategy == "random"
                    else against_random(values, [row[name] for row in random])
                )
            table.append(line)
    return table


def write_study(
    runs: Iterable[Run], reference: Path, *, rows: Path, table: Path, over: Path, markdown: Path
) -> None:
    """Write one row a model, the means with intervals, and the ratios to random over all shares.

    rows, table, over: CSV; markdown: the means and the ratios.
    """
    energies = crystal_energies(reference)
    each = [read_run(run, energies) for run in runs]
    means = summarise(each)
    errors = error_names(each[0])
    over_shares = ratios([each], errors)
    for path, names, found in (
        (rows, list(each[0]), each),
        (table, list(means[0]), means),
        (over, columns(errors), over_shares),  # of no row where random was alone
    ):
        write_csv(path, names, _cells(names, found))
    text = [*_markdown(means, errors), *markdown_ratios(over_shares, errors)]
    write_text(markdown, "\n\n".join(text) + "\n")


def _markdown(means: Sequence[Row], errors: Sequence[str]) -> list[str]:
    units = {name: ", meV/A" if name.endswith("_A") else ", meV/atom" for name in errors}
    heads = ["%", "strategy", "frames", "labels", *(title(e) + units[e] for e in errors)]
    rows = [
        [
            *(f"{row['percent']:g}", row["strategy"], str(row["frames"]), str(row["labelled"])),
            *(
                bold(
                    f"{row[name]:.3g} ± {row[f'{name}_interval']:.2g}",
                    row[f"{name}_against_random"] == "better",
                )
                for name in errors
            ),
        ]
        for row in means
    ]
    return [
        markdown_table(heads, rows),
        "Means over the replicas ± half of the 95% interval (Student's t); bold where the 95% "
        "interval of the difference from random (Welch) lies below zero.",
    ]


def _cells(names: Sequence[str], rows: Sequence[Row]) -> list[list[object]]:
    """Return what the CSV file has of these columns."""
    return [
        [f"{row[n]:.6g}" if isinstance(row[n], float) else row[n] for n in names] for row in rows
    ]
