"""The labelled frames of a loop, turn by turn, and whether they are enough."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.data.part_of_file import read_part
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import load_ensemble
from potstill.report.markup import markdown_table, write_csv, write_text
from potstill.runtime.files import read_json, write_json
from potstill.runtime.progress import say
from potstill.settings import Exploration
from potstill.settings.exploration import GOALS, is_enough

# The columns of the table of turns, and what a summary has for each.
_COLUMNS = {
    "turn": "turn",
    "labels": "labels",
    "failed": "failed",
    "ended in doubt": "doubted",
    "energy error, meV/atom": "energy_error_meV_per_atom",
    "force error, meV/A": "force_error_meV_per_A",
}


def begin(start: Path, *, count: int | None, labelled: Path, summary: Path) -> None:
    """Write the first `count` frames of a labelled set (all for None) as turn 0, see `grow`."""
    frames = _of_turn(read_part(start, count), 0)
    write_frames(labelled, frames)
    write_json(summary, {"turn": 0, "labels": len(frames)})


def grow(
    labelled_before: Path,
    model: Path,
    explored: Path,
    new: Path,
    failures: Path,
    *,
    turn: int,
    labelled: Path,
    summary: Path,
) -> None:
    """Write what is labelled after a turn, with the column `turn`, and its summary.

    That is what was labelled before, and `new`, the frames that `model` led to and that have labels
    now. summary (JSON): turn, labels (frames so far), failed (frames that got no label), doubted
    (of the runs and relaxations), and the model's errors in the new frames that were drawn from its
    runs.
    """
    found = read_frames(new)
    errors = errors_in(load_ensemble(model), found[found.columns["drawn"].astype(bool)])
    frames = read_frames(labelled_before).joined(_of_turn(found, turn))
    write_frames(labelled, frames)
    told: dict[str, float] = {
        "turn": turn,
        "labels": len(frames),
        "failed": len(read_json(failures)["failed"]),
        "doubted": sum(bool(one["stopped"]) for one in read_json(explored)["courses"]),
        **errors,
    }
    write_json(summary, told)
    energy, force = (f"{errors[name]:.2f}" if name in errors else "?" for name in GOALS)
    say(f"turn {turn}: {len(frames)} labels; the model erred by {energy} meV/atom, {force} meV/A")


def errors_in(ensemble: Ensemble, frames: Frames) -> dict[str, float]:
    """Return an ensemble's mean absolute errors in frames, of energies and components of forces.

    Nothing where there are no frames.
    """
    if not len(frames):
        return {}
    found = ensemble.predict(frames, forces=True)
    energy = (found.energy - frames.need("energy", "a turn")) / frames.sizes
    assert found.forces is not None
    force = found.forces - frames.need("forces", "a turn")
    return {
        "energy_error_meV_per_atom": 1e3 * float(np.abs(energy).mean()),
        "force_error_meV_per_A": 1e3 * float(np.abs(force).mean()),
    }


def write_goals(*, settings: Exploration, output: Path) -> None:
    """Write what ends a loop: its `turns`, and the errors that are small enough."""
    write_json(output, {"turns": settings.turns, **settings.goals})


def write_explored(
    goals: Path,
    labelled: Path,
    summaries: list[Path],
    *,
    frames: Path,
    csv: Path,
    markdown: Path,
) -> None:
    """Write the frames of the last turn, and the turns as a table; goals: as of `write_goals`."""
    asked = read_json(goals)
    turns = asked.pop("turns")
    told = sorted((read_json(path) for path in summaries), key=lambda one: one["turn"])
    cells = [[_cell(one.get(key)) for key in _COLUMNS.values()] for one in told]
    write_frames(frames, read_frames(labelled))
    write_csv(csv, list(_COLUMNS), cells)
    last = told[-1]
    end = (
        f"{last['labels']} labels are enough: the model before them erred by no more than was asked"
        if is_enough(last, asked)
        else f"{last['labels']} labels after all {turns} turns"
    )
    text = [
        markdown_table(list(_COLUMNS), cells),
        "",
        f"{end}. Errors are mean absolute ones of a turn's model in frames drawn from its runs, "
        "which it was not trained on.",
    ]
    write_text(markdown, "\n".join(text) + "\n")


def _of_turn(frames: Frames, turn: int) -> Frames:
    """Return frames with the one column that tells their turn."""
    return replace(frames, columns={"turn": np.full(len(frames), turn)})


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)
