"""One look for every figure: size of a journal column, readable fonts, colour-blind-safe colours.

The same inputs give the same bytes: no dates, a fixed SVG salt, matplotlib's own fonts, and none of
the user's settings.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from potstill.errors import PotstillError
from potstill.runtime.files import atomic_path

# Okabe and Ito's palette
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, BLACK, GREY = "#56B4E9", "#CC79A7", "#000000", "#7F7F7F"
CYCLE = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY)
DENSITY = "viridis"

COLUMN, PAGE = 3.5, 7.1  # inches

_RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "lines.linewidth": 1.2,
    "lines.markersize": 4.5,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    "svg.hashsalt": "potstill",
}
_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
    "svg": {"Date": None},
}


@contextmanager
def drawn(outputs: list[Path], *, width: float = COLUMN, height: float = 2.7) -> Iterator[Figure]:
    """Yield an empty figure (sizes in inches) and write it to `outputs` (.pdf, .png, .svg)."""
    for output in outputs:
        if output.suffix[1:] not in _METADATA:
            raise PotstillError(
                f"{output}: figures are written as {', '.join(_METADATA)}; change the suffix"
            )
    with matplotlib.style.context(["default", _RC]):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        for output in outputs:
            kind = output.suffix[1:]
            with atomic_path(output) as temporary:
                figure.savefig(temporary, format=kind, metadata=_METADATA[kind])


def panel_letter(axes: Axes, letter: str) -> None:
    """Write a bold panel letter outside the upper left corner."""
    axes.set_title(letter, loc="left", fontweight="bold")


def log_ticks(axis: Axis) -> None:
    """Give a logarithmic axis plain numbers at 1, 2 and 5, or at 1 alone if it is long.

    For an axis that has its limits already.
    """
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1e3 * low else (1,)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def mark_paper(axes: Axes, point: tuple[float, float]) -> None:
    """Mark a value that the paper prints with a star."""
    axes.plot(
        *point, "*", color=ORANGE, markersize=11, markeredgecolor=BLACK, markeredgewidth=0.6,
        label="paper", zorder=5,
    )  # fmt: skip
