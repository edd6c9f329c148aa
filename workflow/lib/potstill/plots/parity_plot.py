"""Predictions against labels: the values, their errors, and how these are distributed."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from potstill.data.structures import Floats, Indices, Mask
from potstill.plots.style import BLACK, BLUE, CYCLE, DENSITY, GREY, PAGE, drawn, panel_letter

# More points than this are drawn as a density.
DRAWN = 4000
# Parts that have colours of their own; the smallest share one.
PARTS = len(CYCLE)
_STEPS = (1, 2, 5, 10)
_MARKERS = "os^Dv<"
_NAME_LENGTH = 18
# Errors further out than so many times nearly all others are drawn at the edge.
_SHARE, _BEYOND = 0.98, 2.0


class Compared(NamedTuple):
    """P predictions beside labels, both in `unit`; part (P,): number of the part each is of.

    what: what is compared, the title of the row; error_unit is a thousandth of `unit`.
    """

    what: str
    unit: str
    error_unit: str
    exact: Floats
    predicted: Floats
    part: Indices

    @property
    def error(self) -> Floats:
        """Predicted less exact (P,), in `error_unit`."""
        return 1e3 * (self.predicted - self.exact)


def plot_parity(rows: Sequence[Compared], names: Sequence[str], outputs: list[Path]) -> None:
    """Draw a row for each quantity: predicted against label, error against label, errors.

    names: of the parts, in the order in which they are listed; points have the colours of these
    where they are drawn one by one. Errors far outside of all others are triangles at the edge.
    """
    with drawn(outputs, width=PAGE, height=2.35 * len(rows)) as figure:
        panels = figure.subplots(len(rows), 3, squeeze=False, width_ratios=(1.2, 1.2, 0.7))
        for number, (row, compared) in enumerate(zip(panels, rows, strict=True)):
            named = _joined_parts(compared, names)
            _parity(row[0], named)
            _errors(row[1], named)
            _distribution(row[2], named, row[1].get_ylim())
            for axes, letter in zip(row, "abcdef"[3 * number :], strict=False):
                panel_letter(axes, letter)
            if len(named.names) > 1 and not named.dense:
                row[0].legend(loc="upper left", handletextpad=0.2, borderaxespad=0.2)


class _Named(NamedTuple):
    """Predictions with the names of the parts that are told apart."""

    compared: Compared
    names: list[str]
    part: Indices

    @property
    def dense(self) -> bool:
        return len(self.part) > DRAWN


def _joined_parts(compared: Compared, names: Sequence[str]) -> _Named:
    """Return the parts that there are, the smallest as one called `others` if they are many."""
    count = np.bincount(compared.part, minlength=len(names))
    kept = np.flatnonzero(count)
    if len(kept) > PARTS:
        kept = np.sort(np.argsort(-count, kind="stable")[: PARTS - 1])
    place = np.full(len(names), len(kept))
    place[kept] = np.arange(len(kept))
    part = place[compared.part]
    shown = [_short(names[k]) for k in kept.tolist()]
    return _Named(compared, [*shown, "others"] if part.max(initial=0) == len(kept) else shown, part)


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 3]}..."


def _points(axes: Axes, named: _Named, y: Floats, shown: Mask) -> None:
    """Draw points over labels, one by one in their parts' colours, or the density of many."""
    x = named.compared.exact
    if named.dense:
        axes.hexbin(
            x[shown], y[shown], gridsize=50, cmap=DENSITY, bins="log", mincnt=1, linewidths=0.1
        )
        return
    size = 7 if len(x) > 1000 else 14
    for k, name in enumerate(named.names):
        here = shown & (named.part == k)
        colour = GREY if name == "others" else CYCLE[k]
        axes.scatter(
            x[here], y[here], s=size, marker=_MARKERS[k], color=colour, alpha=0.75, linewidths=0,
            label=name,
        )  # fmt: skip


def _parity(axes: Axes, named: _Named) -> None:
    """Draw predictions against labels, both axes the same."""
    compared = named.compared
    values = np.concatenate([compared.exact, compared.predicted])
    margin = max(0.05 * float(np.ptp(values)), 1e-3)
    limits = float(values.min()) - margin, float(values.max()) + margin
    axes.plot(limits, limits, color=BLACK, linewidth=0.6, zorder=0)
    _points(axes, named, compared.predicted, np.ones(len(compared.exact), dtype=np.bool_))
    axes.set(
        xlim=limits, ylim=limits, title=compared.what,
        xlabel=f"label ({compared.unit})", ylabel=f"model ({compared.unit})",
    )  # fmt: skip
    _plain(axes, 5)


def _errors(axes: Axes, named: _Named) -> None:
    """Draw errors against labels."""
    compared = named.compared
    error = compared.error
    limit = _limit(error)
    outside = np.abs(error) > limit
    axes.axhline(0, color=BLACK, linewidth=0.6, zorder=0)
    _points(axes, named, error, ~outside)
    for sign, marker in ((1, "^"), (-1, "v")):
        here = outside & (sign * error > 0)
        edge = np.full(here.sum(), 0.96 * sign * limit)
        axes.plot(compared.exact[here], edge, marker, color=BLACK, markersize=3.5)
    beyond = f", {outside.sum()} beyond" if outside.any() else ""
    axes.set(
        ylim=(-limit, limit), title=f"MAE {_mean(error):.3g} {compared.error_unit}{beyond}",
        xlabel=f"label ({compared.unit})", ylabel=f"error ({compared.error_unit})",
    )  # fmt: skip
    _plain(axes, 5)


def _mean(error: Floats) -> float:
    return float(np.abs(error).mean())


def _limit(error: Floats) -> float:
    """Return how far the axis of errors reaches: all of them, or nearly all if a few are far."""
    size = np.abs(error)
    usual = _BEYOND * float(np.quantile(size, _SHARE))
    return max(1.1 * float(size.max()) if size.max() <= usual else usual, 1e-6)


def _distribution(axes: Axes, named: _Named, limits: tuple[float, float]) -> None:
    """Draw the shares of the errors along the axis that they have to the left."""
    error = np.clip(named.compared.error, *limits)
    count, edges = np.histogram(error, bins=31, range=limits)
    axes.stairs(
        100 * count / len(error), edges, orientation="horizontal", fill=True, color=BLUE, alpha=0.8
    )
    axes.axhline(0, color=BLACK, linewidth=0.6)
    rmse = np.sqrt(np.mean(named.compared.error**2))
    axes.set(ylim=limits, xlabel="share (%)", title=f"RMSE {rmse:.3g}")
    axes.tick_params(labelleft=False)
    _plain(axes, 3)


def _plain(axes: Axes, ticks: int) -> None:
    """Give axes few ticks, with numbers that are short and whole."""
    axes.xaxis.set_major_locator(MaxNLocator(ticks, steps=_STEPS))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=_STEPS))
    axes.ticklabel_format(useOffset=False)
