"""What a run came to: the lines that it ends with."""

from collections.abc import Collection, Sequence
from pathlib import Path

from potstill.report.run_results import CrystalErrors, ErrorsOnSet, RunResults, Sampled
from potstill.runtime.shortened import shortened

# Fewer round trips between solid and liquid, and a set is of a part of the phases.
ENOUGH_ROUND_TRIPS = 5
# Of so many files each is named, of more their folders.
FEW_FILES = 3


def run_summary(
    found: RunResults,
    results: Path,
    *,
    made: Collection[Path],
    targets: Collection[Path],
    one_page: str,
) -> list[str]:
    """Return the results of a run, line by line; what the run has none of is left out.

    results: the run's folder. made: the files of the run that are there; targets: those of them
    that were asked for. one_page: the command that makes one page of all tables and figures.
    """
    folders = results / "tables", results / "figures"
    shown = [file for file in made if any(file.is_relative_to(folder) for folder in folders)]
    return [
        *_errors(found.errors),
        *(f"distilled: {k.kept} of {k.source_frames} frames of {k.element}" for k in found.kept),
        *_orders(found.crystals),
        *_where(results, targets),
        *([f"as one page: {one_page}"] if len(shown) > FEW_FILES else []),
        *_sampled_too_little(found.sampled),
    ]


def _errors(errors: Sequence[ErrorsOnSet]) -> list[str]:
    if not errors:
        return []
    model = max(len(e.model) for e in errors)
    name = max(len(e.tested_on) for e in errors)
    return [
        "errors:",
        *(
            f"  {e.model:{model}} on {e.tested_on:{name}} {e.mae:7.2f} meV/atom"
            + ("" if e.force_mae is None else f" {e.force_mae:6.1f} meV/A")
            for e in errors
        ),
    ]


def _orders(crystals: Sequence[CrystalErrors]) -> list[str]:
    """Tell which models have FCC, BCC and HCP in the reference's order."""
    if not crystals:
        return []
    references = " or ".join(dict.fromkeys(f"the {c.reference}'s" for c in crystals))
    wrong = [f"{c.model} ({c.order})" for c in crystals if c.order != c.right_order]
    right = len(crystals) - len(wrong)
    line = f"order of FCC, BCC and HCP: {references} with {right} of {len(crystals)} models"
    return [f"{line}; not with {', '.join(shortened(wrong))}" if wrong else line]


def _where(results: Path, targets: Collection[Path]) -> list[str]:
    if len(targets) <= FEW_FILES:
        return [f"made: {', '.join(sorted(map(str, targets)))}"] if targets else []
    folders = sorted({str(target.parent) for target in targets} - {str(results)})
    inside = ", ".join(folder.removeprefix(f"{results}/") for folder in folders)
    return [f"made: {len(targets)} files in {results}/ ({inside})"]


def _sampled_too_little(sampled: Sequence[Sampled]) -> list[str]:
    """Name the MOMT sets that went between solid and liquid too few times."""
    return [
        f"sampled too little: {s.name} made {s.round_trips} round trips between solid and "
        f"liquid, fewer than {ENOUGH_ROUND_TRIPS}, so errors on it are of a part of the phases; "
        "raise its learning_steps and production_steps"
        for s in sorted(sampled, key=lambda s: s.name)
        if s.round_trips is not None and s.round_trips < ENOUGH_ROUND_TRIPS
    ]
