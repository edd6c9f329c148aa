"""Does sigma tell the size of errors? Observed against expected coverage, errors against sigma."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from scipy.special import ndtr, ndtri

from potstill.data.structures import Floats, Mask
from potstill.plots.sigma_panels import against_sigma
from potstill.plots.style import BLACK, BLUE, GREY, PAGE, RED, drawn, panel_letter
from potstill.trust.assessment import WITHIN


class Judged(NamedTuple):
    """P errors and sigmas, in `unit`; judged (P,): those that coverage is told of.

    what: energies, forces. factor: that of sigma, found on errors that are not judged; spearman:
    the rank correlation of |error| and sigma; None where too few tell them. frames: those that the
    errors judged are of, which err independently.
    """

    what: str
    unit: str
    error: Floats
    sigma: Floats
    factor: float | None
    judged: Mask
    spearman: float | None
    frames: int


def plot_calibration(rows: Sequence[Judged], outputs: list[Path]) -> None:
    """Draw a row for each quantity: coverage observed against expected, and errors against sigma.

    Coverage is of the errors that are judged: which share of them is within the width in which a
    normal distribution with the deviation sigma, or factor times sigma, has the expected share.
    """
    with drawn(outputs, width=PAGE, height=2.7 * len(rows)) as figure:
        panels = figure.subplots(len(rows), 2, squeeze=False)
        for number, (row, judged) in enumerate(zip(panels, rows, strict=True)):
            _coverage(row[0], judged)
            against_sigma(row[1], judged.sigma, np.abs(judged.error), judged.factor)
            row[1].set(
                xlabel=f"sigma ({judged.unit})", ylabel=f"|error| ({judged.unit})",
                title=f"{judged.what}: rank correlation {_told(judged.spearman)}",
            )  # fmt: skip
            for axes, letter in zip(row, "abcd"[2 * number :], strict=False):
                panel_letter(axes, letter)


def covered(error: Floats, sigma: Floats, expected: Floats) -> Floats:
    """Return the shares of errors within the widths in which `expected` shares should be.

    Those should be there if each error were normal with deviation sigma.
    """
    width = ndtri(0.5 * (1 + expected))
    ratio = np.sort(np.abs(error) / sigma)
    return np.asarray(np.searchsorted(ratio, width, side="right") / len(ratio))


def _coverage(axes: Axes, judged: Judged) -> None:
    """Draw the observed against the expected coverage, and how far chance may lead off it."""
    expected = np.linspace(0, 1, 101)[:-1]
    axes.plot([0, 100], [0, 100], color=GREY, linestyle="--", linewidth=0.8, label="as expected")
    axes.set(
        xlim=(0, 100), ylim=(0, 102), xlabel="expected share of the errors (%)",
        ylabel="observed share (%)", title=f"{judged.what}: too few to tell the coverage",
    )  # fmt: skip
    error, sigma = judged.error[judged.judged], judged.sigma[judged.judged]
    if len(error) and judged.factor:
        chance = 1.96 * np.sqrt(expected * (1 - expected) / judged.frames)
        axes.fill_between(
            100 * expected, 100 * np.maximum(expected - chance, 0),
            100 * np.minimum(expected + chance, 1), color=GREY, alpha=0.2, linewidth=0,
            label="by chance (95%)",
        )  # fmt: skip
        _curve(axes, error, sigma, expected, "sigma", color=RED, linestyle=":")
        scaled = judged.factor * sigma
        _curve(axes, error, scaled, expected, f"{judged.factor:.2f} sigma", color=BLUE)
        marked = 2 * ndtr(np.array([*WITHIN])) - 1
        _curve(axes, error, scaled, marked, "1 and 2 sigma", color=BLACK, marker="o", linestyle="")
        one, two = 100 * covered(error, scaled, marked)
        axes.set_title(f"{judged.what}: {one:.0f}% within 1 sigma, {two:.0f}% within 2")
    axes.legend(loc="upper left")


def _curve(
    axes: Axes, error: Floats, sigma: Floats, expected: Floats, label: str, **look: Any
) -> None:
    observed = covered(error, sigma, expected)
    axes.plot(100 * expected, 100 * observed, markersize=3.5, label=label, **look)


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
