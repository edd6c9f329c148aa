"""The curve of error against share of data, one row an iteration."""

import csv
import math
from pathlib import Path
from typing import Any, NamedTuple

from potstill.errors import PotstillError
from potstill.report.markup import write_csv
from potstill.runtime.files import read_json
from potstill.runtime.unreadable import AGAIN
from potstill.settings.names import MIXED


class CurvePoint(NamedTuple):
    """One row. Shares are fractions; mae and worst in meV/atom, force_mae in meV/A.

    `atoms` are those of a frame, None for several sizes. `source` is the distilled set, `larger`
    the larger one, of frames of more atoms; `shifted` errors have their mean removed first.
    `labelled` frames are those whose labels were needed, kept or not.
    """

    iteration: int
    frames: int
    atoms: int | None
    share_of_source_frames: float
    share_of_larger_atoms: float
    mae_source: float
    mae_source_shifted: float
    mae_larger: float
    mae_larger_shifted: float
    force_mae_source: float
    force_mae_larger: float
    worst_percent_source: float
    worst_percent_larger: float
    labelled: float
    labelled_share_of_source_frames: float


def columns(source_atoms: int | None, larger_atoms: int | None) -> list[str]:
    """Return the names of the columns in the file, which tell the sizes of the two sets."""
    source, larger = (MIXED if n is None else str(n) for n in (source_atoms, larger_atoms))
    if source == larger:
        larger += "_larger"
    source_set, larger_set = (n if n.startswith(MIXED) else f"{n}_atom" for n in (source, larger))
    return [
        "iteration",
        "frames",
        "atoms",
        f"share_of_{source_set}_frames",
        f"share_of_{larger_set}_set_atoms",
        f"mae_{source}_meV_per_atom",
        f"mae_{source}_shifted_meV_per_atom",
        f"mae_{larger}_meV_per_atom",
        f"mae_{larger}_shifted_meV_per_atom",
        "force_mae_meV_per_A",
        f"force_mae_{larger}_meV_per_A",
        f"worst_percent_{source}_meV_per_atom",
        f"worst_percent_{larger}_meV_per_atom",
        "labelled_frames",
        f"labelled_share_of_{source_set}_frames",
    ]


def write_curve(
    summaries: list[Path],
    source_evaluations: list[Path],
    larger_evaluations: list[Path],
    *,
    output: Path,
) -> None:
    """Write the curve as CSV from the summaries of the selections and of the models' evaluations.

    The three lists run over the iterations; the evaluations are on all frames of the distilled set
    and on all of the larger one. Of F kept frames share_of_source_frames is F by the frames of the
    distilled set, and share_of_larger_atoms their atoms by those of the larger set.
    force_mae_meV_per_A is that on the source set. Who pays for labels reads the last two columns: a
    strategy may look at labels of frames that it drops. Errors of forces that a set does not have
    are nan.
    """
    if not len(summaries) == len(source_evaluations) == len(larger_evaluations):
        raise PotstillError(
            f"the curve needs as many evaluations as selections, got {len(summaries)} selections "
            f"and {len(source_evaluations)} + {len(larger_evaluations)} evaluations"
        )
    points = []
    for path, on_source, on_larger in zip(
        summaries, source_evaluations, larger_evaluations, strict=True
    ):
        selected, source, larger = (read_json(p) for p in (path, on_source, on_larger))
        names = columns(source["atoms"], larger["atoms"])
        points.append(
            CurvePoint(
                iteration=selected["iteration"],
                frames=selected["frames"],
                atoms=selected["atoms"],
                share_of_source_frames=selected["frames"] / source["frames"],
                share_of_larger_atoms=_all_atoms(selected) / _all_atoms(larger),
                mae_source=source["mae_meV_per_atom"],
                mae_source_shifted=source["mae_shifted_meV_per_atom"],
                mae_larger=larger["mae_meV_per_atom"],
                mae_larger_shifted=larger["mae_shifted_meV_per_atom"],
                force_mae_source=_or_nan(source["force_mae_meV_per_A"]),
                force_mae_larger=_or_nan(larger["force_mae_meV_per_A"]),
                worst_percent_source=source["worst_percent_meV_per_atom"],
                worst_percent_larger=larger["worst_percent_meV_per_atom"],
                labelled=selected["labelled"],
                labelled_share_of_source_frames=selected["labelled"] / source["frames"],
            )
        )
    points.sort(key=lambda point: point.iteration)
    cells = [
        (p.iteration, p.frames, p.atoms or MIXED, *(f"{value:.6g}" for value in p[3:]))
        for p in points
    ]
    write_csv(output, names, cells)


def _all_atoms(summary: Any) -> int:
    """Return the atoms of all frames that a summary is of."""
    atoms: int = summary.get("atoms_in_all") or summary["frames"] * summary["atoms"]
    return atoms


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def read_curve(path: Path) -> list[CurvePoint]:
    """Read a curve; columns are known by their place, as their names tell the sets' sizes."""
    try:
        with path.open(newline="") as handle:
            rows = list(csv.reader(handle))[1:]
        points = [
            CurvePoint(
                int(r[0]),
                int(r[1]),
                None if r[2] == MIXED else int(r[2]),
                *(float(v) for v in r[3:]),
            )
            for r in rows
        ]
    except FileNotFoundError:
        raise PotstillError(f"{path}: no such curve; run the rule that makes it") from None
    except (ValueError, TypeError, IndexError) as error:
        raise PotstillError(f"{path}: not a curve ({error}); {AGAIN}") from None
    if not points:
        raise PotstillError(f"{path}: holds no iteration; {AGAIN}")
    return points
