"""What translation costs: models of translated frames beside models of the target's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from potstill.paper.figures.parity import HIGH_SHARE, high_energy
from potstill.plots.read_arrays import read_evaluation
from potstill.report.markup import MISSING, markdown_table, write_csv, write_text
from potstill.runtime.files import read_json

HEADER = [
    "element", "trained_on", "frames", "atoms", "labels", "mae_meV_per_atom",
    "mae_shifted_meV_per_atom", "mae_high_meV_per_atom", "mae_others_meV_per_atom",
    "force_mae_meV_per_A",
]  # fmt: skip


class Compared(NamedTuple):
    """A model: its frames in words, its training summary and its evaluation (HDF5, JSON beside).

    choice: summary of the choice of native frames, None for translated ones.
    """

    label: str
    summary: Path
    evaluation: Path
    choice: Path | None


def write_comparison(models: Sequence[Compared], *, csv: Path, markdown: Path) -> None:
    """Write the errors of models on the same test frames of a target's own set.

    `labels` are those of the target that had to be computed, kept or not. `high` are the frames of
    highest energy, the paper's red circle. Errors in meV/atom, of forces in meV/A.
    """
    cells, tested = [], 0
    for model in models:
        trained, errors = read_json(model.summary), read_json(model.evaluation.with_suffix(".json"))
        exact, predicted = read_evaluation(model.evaluation)
        error, high, tested = 1000 * np.abs(predicted - exact), high_energy(exact), len(exact)
        others = MISSING if high.all() else f"{error[~high].mean():.3f}"  # of one frame
        labels = read_json(model.choice)["labelled"] if model.choice else trained["frames"]
        cells.append(
            [trained["symbol"], model.label, str(trained["frames"]),
             str(trained["frames"] * trained["atoms"]), str(labels),
             f"{errors['mae_meV_per_atom']:.3f}", f"{errors['mae_shifted_meV_per_atom']:.3f}",
             f"{error[high].mean():.3f}", others,
             f"{errors['force_mae_meV_per_A']:.2f}"]
        )  # fmt: skip
    write_csv(csv, HEADER, cells)
    text = markdown_table([name.replace("_", " ") for name in HEADER], cells)
    text += (
        f"\n\nAll on the same {tested} frames, drawn at random from the target's own set and never "
        f"chosen from. High: the {100 * HIGH_SHARE:g}% of them highest in energy, the paper's red "
        "circle. Labels: of the target, computed to choose and to train.\n"
    )
    write_text(markdown, text)
