"""The reduction report: what a distillation kept and dropped, where, why, and what is alike."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from potstill.audit.repeats import repeats
from potstill.data.frames import Frames, read_frames
from potstill.data.structures import Floats, Indices
from potstill.distillation.candidates import Candidates
from potstill.errors import PotstillError
from potstill.report.markup import markdown_table, write_csv, write_text
from potstill.runtime.files import read_json, write_json
from potstill.runtime.progress import say
from potstill.runtime.unreadable import AGAIN
from potstill.settings import Descriptor
from potstill.trust.parts_of_set import regions

# A frame is nearly one that was kept below this part of the usual distance between kept frames.
NEAR = 0.5


def nearest(points: Floats, others: Floats, *, same: bool = False) -> Floats:
    """Return the distance of each point (P, D) to the nearest other (Q, D), infinite for none.

    same: both are one list, and a point is no neighbour of itself.
    """
    return nearest_rows(points, others, same=same)[0]


def nearest_rows(points: Floats, others: Floats, *, same: bool = False) -> tuple[Floats, Indices]:
    """Return the distances of `nearest`, and which other that is (0 for none)."""
    found = np.full(len(points), np.inf)
    which = np.zeros(len(points), dtype=np.int64)
    for first in range(0, len(points), 1024) if len(others) else ():
        distance = cdist(points[first : first + 1024], others)
        rows = np.arange(len(distance))
        if same:
            distance[rows, first + rows] = np.inf
        here = distance.argmin(axis=1)
        which[first : first + 1024] = here
        found[first : first + 1024] = distance[rows, here]
    return found, which


def write_reduction(
    frames: Path,
    selection: Path,
    summaries: list[Path],
    *,
    descriptor: Descriptor,
    kept: Path,
    summary: Path,
    markdown: Path,
) -> None:
    """Write what became of the frames of a sampled set: a list of those kept, and the counts.

    `selection` is the last iteration's, `summaries` are those of all iterations. `kept` (CSV) has a
    row for each kept frame: index, iteration, H/N, O/N, reason. `summary` (JSON) and `markdown`
    have the frames by region of the (H, O) plane, exact duplicates, and near-duplicates: frames
    closer to a kept one than half the median distance of a kept frame to the nearest other. Frames
    are points, as the strategies see them (`moments.points`).
    """
    source, chosen = read_frames(frames), read_frames(selection)
    reports = sorted((read_json(path) for path in summaries), key=lambda r: r["iteration"])
    seen = reports[-1]["seen"]
    index = chosen.columns["source_index"].astype(np.int64)
    if len(index) != reports[-1]["frames"] or index.max() >= seen:
        raise PotstillError(f"{selection}: does not belong to these summaries; {AGAIN}")
    looked_at = source[:seen]
    plane = looked_at.plane()
    is_kept = np.zeros(seen, dtype=bool)
    is_kept[index] = True
    _write_kept(kept, index, chosen.columns["iteration"].astype(np.int64), plane, reports)
    by_region = [
        {
            "region": region.name,
            "enthalpy_eV_per_atom": list(region.enthalpy),
            "kept": int((region.here & is_kept).sum()),
            "dropped": int((region.here & ~is_kept).sum()),
        }
        for region in (regions(*plane) if plane else [])
    ]
    report = {
        "source_frames": len(source),
        "seen": seen,
        "kept": len(index),
        "dropped": seen - len(index),
        "labelled": reports[-1]["labelled"],
        "strategy": reports[-1]["strategy"],
        "duplicates_kept": len(repeats(chosen)),
        "duplicates_seen": len(repeats(looked_at)),
        **_alike(looked_at, is_kept, descriptor),
        "iterations": [
            {k: r[k] for k in ("iteration", "added", "dropped", "why")} for r in reports
        ],
        "regions": by_region,
    }
    write_json(summary, report)
    write_text(markdown, "\n".join(_markdown(report)) + "\n")
    say(f"{len(index)} of {seen} frames kept, {report['duplicates_kept']} of them twice")


def _write_kept(
    path: Path,
    index: Indices,
    iteration: Indices,
    plane: tuple[Floats, Floats] | None,
    reports: list[Any],
) -> None:
    reasons = {int(i): why for report in reports for i, why in report["reasons"].items()}
    by_plane = dict(zip(("enthalpy_eV_per_atom", "order_per_atom"), plane or (), strict=False))
    header = ["source_index", "iteration", *by_plane, "reason"]
    cells = (
        (i, k, *(f"{v[i]:.6f}" for v in by_plane.values()), reasons.get(i, "first block"))
        for i, k in zip(index, iteration, strict=True)
    )
    write_csv(path, header, cells)


def _alike(frames: Frames, is_kept: NDArray[np.bool_], descriptor: Descriptor) -> dict[str, Any]:
    """Return how near the dropped frames are to kept ones, and these to each other."""
    candidates = Candidates.of(frames, frames[:0], descriptor=descriptor, scores=None, labels=False)
    points = candidates.features[0]
    kept, dropped = points[is_kept], points[~is_kept]
    among_kept = nearest(kept, kept, same=True)
    to_kept = nearest(dropped, kept)
    limit = NEAR * float(np.median(among_kept)) if len(kept) > 1 else 0.0
    return {
        "near_distance": limit,
        "near_duplicates_dropped": int((to_kept < limit).sum()),
        "near_duplicates_kept": int((among_kept < limit).sum()),
        "median_distance_between_kept": 2 * limit,
        "median_distance_of_dropped_to_kept": float(np.median(to_kept)) if len(dropped) else None,
    }


def _markdown(report: dict[str, Any]) -> list[str]:
    rows = []
    for row in report["regions"]:
        low, high = row["enthalpy_eV_per_atom"]
        share = 100 * row["kept"] / (row["kept"] + row["dropped"])
        counts = (str(row["kept"]), str(row["dropped"]), f"{share:.1f}")
        rows.append((row["region"], f"{low:.3f} to {high:.3f}", *counts))
    return [
        f"{report['kept']} of {report['seen']} frames seen were kept by `{report['strategy']}` "
        f"(of {report['source_frames']} in the set); {report['labelled']} were labelled.",
        "",
        f"- exact duplicates among the kept: {report['duplicates_kept']}",
        f"- near-duplicates of kept frames that were dropped: {report['near_duplicates_dropped']} "
        f"of {report['dropped']}; still among the kept: {report['near_duplicates_kept']}",
        "",
        markdown_table(("region", "H/N, eV", "kept", "dropped", "kept, %"), rows)
        if rows
        else "Frames without H and O, as those of a file, have no regions.",
    ]
