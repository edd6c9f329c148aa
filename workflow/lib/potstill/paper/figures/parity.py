"""Predicted against exact energy of sets: Figures 3a and 3b, and that of the paper's note 6."""

from pathlib import Path
from string import ascii_lowercase

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from potstill.data.structures import Floats
from potstill.errors import PotstillError
from potstill.plots.read_arrays import read_evaluation
from potstill.plots.style import BLACK, BLUE, COLUMN, PAGE, RED, drawn, panel_letter

HIGH_SHARE = 0.05  # of the frames, highest in energy: the paper's red circle


def parity(evaluations: dict[str, Path], *, circle: bool, outputs: list[Path]) -> None:
    """Draw predicted against exact energy per atom, a column for each set, and the error below.

    evaluations: evaluation file (HDF5) by title. In the panel stand the mean absolute error (MAE),
    the root mean square error, and the MAE after removing the mean error as the paper does. circle:
    whether the 5% of the frames highest in energy are circled in red with an MAE of their own, as
    in the paper's Figure 3b.
    """
    if not evaluations:
        raise PotstillError("a parity figure needs at least one evaluation")
    columns = len(evaluations)
    with drawn(outputs, width=COLUMN if columns == 1 else PAGE, height=4.4) as figure:
        panels = figure.subplots(2, columns, sharex="col", squeeze=False, height_ratios=(2.4, 1))
        for column, (title, path) in enumerate(evaluations.items()):
            upper, lower = panels[:, column]
            exact, predicted = read_evaluation(path)
            high = high_energy(exact) if circle else np.zeros(len(exact), dtype=bool)
            for which, colour in ((~high, BLUE), (high, RED)):
                shown = {"color": colour, "markersize": 2, "rasterized": True}
                upper.plot(exact[which], predicted[which], ".", **shown)
                lower.plot(exact[which], 1000 * (predicted - exact)[which], ".", **shown)
            _frame(upper, lower, np.concatenate([exact, predicted]))
            error = 1000 * (predicted - exact)
            _write(upper, 0.04, 0.97, BLACK, _told(error))
            if circle:
                _circle(upper, exact[high])
                _write(upper, 0.97, 0.04, RED, _told_high(np.abs(error), high))
            upper.set_title(title)
            lower.set_xlabel("EAM energy (eV/atom)")
            if columns > 1:
                panel_letter(upper, ascii_lowercase[column])
        panels[0, 0].set_ylabel("NNP energy (eV/atom)")
        panels[1, 0].set_ylabel("error (meV/atom)")
        figure.align_ylabels()


def high_energy(exact: Floats, share: float = HIGH_SHARE) -> NDArray[np.bool_]:
    """Return which frames are among the `share` highest in energy (at least one)."""
    count = max(1, round(share * len(exact)))
    high = np.zeros(len(exact), dtype=bool)
    high[np.argsort(exact, kind="stable")[-count:]] = True
    return high


def _frame(upper: Axes, lower: Axes, energies: Floats) -> None:
    """Give both axes of the upper panel the same limits, and draw where errors are zero."""
    margin = max(0.05 * float(np.ptp(energies)), 1e-3)
    limits = float(energies.min()) - margin, float(energies.max()) + margin
    upper.set(xlim=limits, ylim=limits)
    upper.plot(limits, limits, color=BLACK, linewidth=0.7, zorder=0)
    lower.axhline(0, color=BLACK, linewidth=0.7, zorder=0)
    for axis in (upper.xaxis, upper.yaxis):
        axis.set_major_locator(MaxNLocator(5))


def _circle(axes: Axes, high: Floats) -> None:
    """Draw an ellipse along the diagonal around frames with these energies."""
    low, top = axes.get_xlim()
    around = 0.12 * (top - low)
    centre = float(high.min() + high.max()) / 2
    axes.add_patch(
        Ellipse(
            (centre, centre), np.sqrt(2) * float(np.ptp(high)) + around, around, angle=45,
            fill=False, edgecolor=RED, linewidth=1.2, clip_on=False,
        )
    )  # fmt: skip


def _told(error: Floats) -> str:
    """Return the errors of all frames in words; error: meV/atom."""
    plain, shifted = (np.abs(e).mean() for e in (error, error - error.mean()))
    return (
        f"{_frames(len(error))}\nMAE {plain:.2f} meV/atom\n"
        f"RMSE {np.sqrt(np.mean(error**2)):.2f} meV/atom\n"
        f"MAE, mean shifted {shifted:.2f} meV/atom"
    )


def _told_high(error: Floats, high: NDArray[np.bool_]) -> str:
    """Return the errors inside and outside the circle in words; error: absolute, meV/atom."""
    inside = f"highest {100 * HIGH_SHARE:g}%, {_frames(int(high.sum()))}:\n"
    inside += f"MAE {error[high].mean():.2f} meV/atom"
    return inside if high.all() else f"{inside}\nother frames: {error[~high].mean():.2f} meV/atom"


def _frames(count: int) -> str:
    return f"{count:,} frame{'' if count == 1 else 's'}"


def _write(axes: Axes, x: float, y: float, colour: str, text: str) -> None:
    """Write text into the corner of a panel that (x, y), in parts of it, is nearest to."""
    left, top = x < 0.5, y > 0.5
    axes.text(
        x, y, text, transform=axes.transAxes, fontsize=7, color=colour, linespacing=1.35,
        ha="left" if left else "right", va="top" if top else "bottom",
    )  # fmt: skip
