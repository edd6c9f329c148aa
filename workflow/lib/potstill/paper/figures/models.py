"""Figure S2: each of the models on each of the data sets."""

from pathlib import Path

import numpy as np

from potstill.errors import PotstillError
from potstill.plots.read_arrays import read_evaluation
from potstill.plots.style import BLUE, GREY, PAGE, drawn


def figure_s2(labels: list[str], files: list[Path], *, outputs: list[Path]) -> None:
    """Draw predicted against exact energy per atom, a row for each model, a column for each set.

    labels: what the models, and the sets, are of. files: evaluations of each model on each set.
    Above each panel stands the mean absolute error, and in brackets that after removing the mean
    error. The panels of a column share their axes.
    """
    if len(files) != len(labels) ** 2 or not labels:
        raise PotstillError(f"figure S2: {len(files)} evaluations of {len(labels)} models and sets")
    each = iter(files)
    evaluations = {model: {name: next(each) for name in labels} for model in labels}
    rows = columns = len(labels)
    with drawn(outputs, width=PAGE, height=0.5 + 2.0 * rows) as figure:
        panels = figure.subplots(rows, columns, sharex="col", sharey="col", squeeze=False)
        for row, (model, by_set) in enumerate(evaluations.items()):
            for column, name in enumerate(labels):
                axes = panels[row, column]
                exact, predicted = read_evaluation(by_set[name])
                error = 1000 * (predicted - exact)
                plain = np.abs(error).mean()
                shifted = np.abs(error - error.mean()).mean()
                axes.plot(exact, predicted, ".", color=BLUE, markersize=1.5, rasterized=True)
                axes.axline((exact[0], exact[0]), slope=1, color=GREY, linewidth=0.7, zorder=0)
                tested = f"tested on {name}\n" if row == 0 else ""
                axes.set_title(f"{tested}MAE {plain:.2f} ({shifted:.2f}) meV/atom", fontsize=7.5)
                axes.locator_params(nbins=4)
                if row == rows - 1:
                    axes.set_xlabel("EAM energy (eV/atom)")
            panels[row, 0].set_ylabel(f"{model}\nNNP energy (eV/atom)")
