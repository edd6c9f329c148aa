"""The course of a training: loss and errors on the frames that its networks hold out."""

import csv
from pathlib import Path

import numpy as np
from matplotlib.ticker import MaxNLocator

from potstill.data.structures import Floats
from potstill.plots.style import CYCLE, PAGE, drawn, log_ticks, panel_letter

# what is drawn of a history, what it is called, and what its axis is
_DRAWN = {
    "loss": ("loss", "loss"),
    "energy_mae_meV_per_atom": ("energies", "mean |error| (meV/atom)"),
    "force_mae_meV_per_A": ("forces", "mean |error| (meV/A)"),
}


def plot_course(history: Path, outputs: list[Path]) -> None:
    """Draw a history file (`training.loop.HISTORY`): means over the networks against the step.

    Each network is told on frames that it does not train on. Forces are left out where a model is
    not trained on them.
    """
    columns = _read(history)
    shown = {name: label for name, label in _DRAWN.items() if np.isfinite(columns[name]).all()}
    with drawn(outputs, width=PAGE, height=2.2) as figure:
        panels = figure.subplots(1, len(shown), squeeze=False)[0]
        for axes, (name, (what, label)), colour, letter in zip(
            panels, shown.items(), CYCLE, "abc", strict=False
        ):
            values = columns[name]
            axes.plot(columns["step"], values, "o-", markersize=3, color=colour)
            axes.set(
                yscale="log", xlabel="step", ylabel=label, xlim=(0, None),
                title=f"{what}: {values[-1]:.3g} at the end",
            )  # fmt: skip
            log_ticks(axes.yaxis)
            axes.xaxis.set_major_locator(MaxNLocator(4))
            panel_letter(axes, letter)


def _read(history: Path) -> dict[str, Floats]:
    """Return the columns of a history file."""
    with history.open() as handle:
        rows = list(csv.DictReader(handle))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
