"""What a run came to: the lines that it ends with."""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from potstill.paper.tables import HCP, rank_of, read_crystals
from potstill.report.markup import shortened
from potstill.runtime.files import read_json

# Fewer round trips between solid and liquid, and a set is of a part of the phases.
ENOUGH_ROUND_TRIPS = 5
# Of so many files each is named, of more their folders.
FEW_FILES = 3


def run_summary(
    results: Path,
    files: Collection[str],
    *,
    tested: Sequence[tuple[str, str]],
    targets: Collection[str],
    one_page: str,
) -> list[str]:
    """Return the results of a run, line by line.

    results: the run's folder. files: what the targets asked for are made of, themselves included;
    nothing else in the folder is looked at, and none of it has to be there. tested: the models
    whose errors are shown and the sets that they were tested on. targets: the files asked for.
    one_page: the command that makes one page of all tables and figures.
    """
    made = {file for file in files if Path(file).exists()}
    shown = {file for file in made if file.startswith((f"{results}/tables", f"{results}/figures"))}
    return [
        *_errors(results, made, tested),
        *_distilled(results, made),
        *_ranks(results, made),
        *_where(results, made.intersection(targets)),
        *([f"as one page: {one_page}"] if len(shown) > FEW_FILES else []),
        *_sampled_too_little(results, made),
    ]


def _errors(results: Path, made: set[str], tested: Sequence[tuple[str, str]]) -> list[str]:
    rows = []
    for model, name in tested:
        path = f"{results}/models/{model}/evaluation/{name}.json"
        if path in made:
            content = read_json(path)
            rows.append((model, name, content["mae_meV_per_atom"], content["force_mae_meV_per_A"]))
    if not rows:
        return []
    widths = [max(len(row[k]) for row in rows) for k in (0, 1)]
    return [
        "errors:",
        *(
            f"  {model:{widths[0]}} on {name:{widths[1]}} {energy:7.2f} meV/atom {force:6.1f} meV/A"
            for model, name, energy, force in rows
        ),
    ]


def _distilled(results: Path, made: set[str]) -> list[str]:
    return [
        f"distilled: {content['kept']} of {content['source_frames']} frames of {element}"
        for element, content in _contents(results, made, r"distillation/(\w+)/reduction\.json")
    ]


def _ranks(results: Path, made: set[str]) -> list[str]:
    """Tell which models have FCC, BCC and HCP in the EAM's order."""
    orders: dict[tuple[str, str], list[str]] = {}
    for name, _ in _contents(results, made, r"relaxation/(.+)\.json"):
        crystals = read_crystals(results / "relaxation" / f"{name}.json")[1]
        model, element = name.split("/")
        orders[model, element] = sorted(("FCC", "BCC", HCP), key=lambda s: rank_of(s, crystals))
    compared = [key for key in orders if key[0] != "EAM" and ("EAM", key[1]) in orders]
    if not compared:
        return []
    wrong = [
        f"{model} ({' < '.join(orders[model, element])})"
        for model, element in compared
        if orders[model, element] != orders["EAM", element]
    ]
    right = len(compared) - len(wrong)
    line = f"order of FCC, BCC and HCP: the EAM's with {right} of {len(compared)} models"
    return [f"{line}; not with {', '.join(shortened(wrong))}" if wrong else line]


def _where(results: Path, targets: set[str]) -> list[str]:
    if len(targets) <= FEW_FILES:
        return [f"made: {', '.join(sorted(targets))}"] if targets else []
    folders = sorted({str(Path(target).parent) for target in targets} - {str(results)})
    inside = ", ".join(folder.removeprefix(f"{results}/") for folder in folders)
    return [f"made: {len(targets)} files in {results}/ ({inside})"]


def _sampled_too_little(results: Path, made: set[str]) -> list[str]:
    """Name the MOMT sets that went between solid and liquid too few times."""
    return [
        f"sampled too little: {name} made {content['round_trips']} round trips between solid and "
        f"liquid, fewer than {ENOUGH_ROUND_TRIPS}, so errors on it are of a part of the phases; "
        "raise its learning_steps and production_steps"
        for name, content in _contents(results, made, r"sampling/(\w+/\d+/\w+)\.json")
        if content["method"] == "momt" and content["round_trips"] < ENOUGH_ROUND_TRIPS
    ]


def _contents(results: Path, made: set[str], pattern: str) -> Iterator[tuple[str, Any]]:
    """Yield what the pattern's group matched and the content of each such file, in order."""
    for file in sorted(made):
        if match := re.fullmatch(f"{re.escape(str(results))}/{pattern}", file):
            yield match[1], read_json(file)
