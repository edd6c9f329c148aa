"""Panels that set errors against sigma."""

import numpy as np
from matplotlib.axes import Axes

from potstill.data.structures import Floats
from potstill.plots.style import BLUE, GREY, RED, log_ticks

# Points of a curve, so many that each is of a few errors at least; errors drawn one by one.
BINS, LEAST, DRAWN = 12, 8, 4000


def _binned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the means of x and the root mean squares of y in bins of equal numbers of points."""
    parts = np.array_split(np.argsort(x), min(BINS, max(1, len(x) // LEAST)))
    return (
        np.array([x[part].mean() for part in parts]),
        np.array([np.sqrt(np.mean(y[part] ** 2)) for part in parts]),
    )


def against_sigma(axes: Axes, sigma: Floats, error: Floats, factor: float | None) -> None:
    """Draw errors against sigma, where both are positive, and their root mean square along it."""
    positive = (sigma > 0) & (error > 0)
    sigma, error = sigma[positive], error[positive]
    if not len(error):  # as of one frame, whose error is the mean error
        return
    every = max(1, len(sigma) // DRAWN)
    axes.plot(
        sigma[::every], error[::every], ".", color=BLUE, markersize=1.5 if len(sigma) > 500 else 3,
        alpha=0.5, rasterized=True,
    )  # fmt: skip
    axes.plot(*_binned(sigma, error), "o-", color=RED, label="root mean square")
    axes.set(xscale="log", yscale="log", ylim=(np.quantile(error, 0.01), 1.3 * error.max()))
    if factor is not None:
        ends = np.array([sigma.min(), sigma.max()])
        axes.plot(ends, factor * ends, color=GREY, linewidth=0.8, label=f"{factor:.1f} sigma")
    for axis in (axes.xaxis, axes.yaxis):
        log_ticks(axis)
    axes.legend(loc="lower right", frameon=True, framealpha=0.8, edgecolor="none")
