"""What a run came to, on one page: errors, crystals, sampling, and chosen images."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from potstill.report.markup import MISSING, Table
from potstill.report.page import Image, Part, write_page
from potstill.report.run_results import (
    CrystalErrors,
    ErrorsOnSet,
    Kept,
    ResultFiles,
    Sampled,
    read_run,
)


def results_page(
    run: str,
    output: Path,
    *,
    summaries: Mapping[str, Path] = {},
    evaluations: Mapping[tuple[str, str], Path] = {},
    crystals: Mapping[tuple[str, str], Path] = {},
    references: Mapping[str, Path] = {},
    reductions: Mapping[str, Path] = {},
    sampled: Mapping[str, Path] = {},
    images: Mapping[str, Path] = {},
) -> None:
    """Write the page (HTML) of a run from its result files, which `ResultFiles` describes.

    images: PNG by caption. Any of the files may be none; the page leaves out what there is none of.
    """
    files = ResultFiles(summaries, evaluations, crystals, references, reductions, sampled)
    found = read_run(files)
    parts: list[Part] = [_kept(kept) for kept in found.kept]
    if found.errors:
        parts += [
            "## Errors against the labels",
            _errors(found.errors),
            "MAE: mean absolute error of the energy; worst 1%: that of the worst 1% of the frames.",
        ]
    if found.crystals:
        parts += [
            "## Relaxed crystals",
            _crystals(found.crystals),
            "The largest errors of FCC, BCC and HCP against the potential in the same structure, "
            "and the order of their energies, lowest first.",
        ]
    if found.sampled:
        parts += [
            "## Sampling",
            _sampling(found.sampled),
            "Round trips: of all walkers between solid and liquid, in production. A MOMT set with "
            "few of them is of a part of the phases, and so are errors on it. Flatness: highest "
            "over lowest bin of the order parameter's histogram, over the central 80% of its "
            "range.",
        ]
    if images:
        parts += ["## Figures", *(Image(path, caption) for caption, path in images.items())]
    write_page(output, f"Results of the run {run}", parts)


def _kept(kept: Kept) -> str:
    return (
        f"Of {kept.source_frames:,} frames of {kept.element}, `{kept.strategy}` kept "
        f"**{kept.kept:,}** ({100 * kept.kept / kept.source_frames:.1f}%), with labels "
        f"of {kept.labelled:,}."
    )


def _errors(errors: Sequence[ErrorsOnSet]) -> Table:
    header = ["element", "model", "tested on", "frames", "MAE, meV/atom", "worst 1%, meV/atom",
              "forces, meV/A"]  # fmt: skip
    cells = [
        [e.element, e.label, e.tested_on, str(e.frames), f"{e.mae:.3f}",
         MISSING if e.worst_percent is None else f"{e.worst_percent:.2f}",
         MISSING if e.force_mae is None else f"{e.force_mae:.1f}"]
        for e in errors
    ]  # fmt: skip
    return Table(header, cells)


def _crystals(crystals: Sequence[CrystalErrors]) -> Table:
    header = ["element", "model", "energy, meV/atom", "bond, A", "order", "as it should"]
    cells = [
        [c.element, c.label, f"{c.energy:.2f}", f"{c.bond:.4f}", c.order,
         "yes" if c.order == c.right_order else f"no: {c.right_order}"]
        for c in crystals
    ]  # fmt: skip
    return Table(header, cells)


def _sampling(sampled: Sequence[Sampled]) -> Table:
    cells = [
        [s.name, s.method.upper(), str(s.frames),
         MISSING if s.round_trips is None else str(s.round_trips),
         MISSING if s.flatness is None else f"{s.flatness:.2f}"]
        for s in sampled
    ]  # fmt: skip
    return Table(["set", "method", "frames", "round trips", "flatness"], cells)
