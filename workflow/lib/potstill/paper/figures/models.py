"""Figure S2: each of the models on each of the data sets."""

from pathlib import Path

import numpy as np

from potstill.errors import PotstillError
from potstill.paper.data import read_evaluation
from potstill.paper.style import BLUE, GREY, PAGE, drawn


def figure_s2(evaluations: dict[str, dict[str, Path]], *, outputs: list[Path]) -> None:
    """Draw predicted against exact energy per atom, a row for each model, a column for each set.

    evaluations: model label -> set label -> evaluation file; every model needs the same sets. Above
    each panel stands the mean absolute error, and in brackets that after removing the mean error.
    The panels of a column share their axes.
    """
    sets = list(next(iter(evaluations.values()), {}))
    for model, by_set in evaluations.items():
        if list(by_set) != sets or not sets:
            raise PotstillError(
                f"figure S2: model {model} has the sets {list(by_set)}, expected {sets}"
            )
    rows, columns = len(evaluations), len(sets)
    with drawn(outputs, width=PAGE, height=0.5 + 2.0 * rows) as figure:
        panels = figure.subplots(rows, columns, sharex="col", sharey="col", squeeze=False)
        for row, (model, by_set) in enumerate(evaluations.items()):
            for column, name in enumerate(sets):
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
