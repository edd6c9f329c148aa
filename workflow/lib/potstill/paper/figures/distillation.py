"""Figures 2a and 2b: error against share of data.

Errors are on a logarithmic axis, which the paper's is not: beside its own ours span a decade.
"""

from pathlib import Path

from matplotlib.axes import Axes

from potstill.distillation.curve import CurvePoint, read_curve
from potstill.errors import PotstillError
from potstill.paper.printed import FIGURE_2A, FIGURE_2B
from potstill.paper.style import BLUE, GREEN, GREY, SKY, drawn, mark_paper
from potstill.runtime.files import read_json


def figure_2a(curve: Path, *, outputs: list[Path]) -> None:
    """Draw the error over all frames of the distilled set against the share of them trained on.

    Plain and shifted (mean removed, as in the paper) mean absolute error of each iteration's
    ensemble; a star marks the paper's 2.0 meV/atom (shifted) at 17%.
    """
    points = read_curve(curve)
    atoms = points[-1].atoms
    share = [100 * p.share_of_source_frames for p in points]
    with drawn(outputs) as figure:
        axes = figure.add_subplot()
        _draw_curve(
            axes, points, share, [p.mae_source for p in points],
            [p.mae_source_shifted for p in points], label="MAE",
        )  # fmt: skip
        mark_paper(axes, FIGURE_2A)
        _label(axes, f"share of the {atoms}-atom frames (%)", f"MAE, {atoms} atoms (meV/atom)")
        axes.set_xlim(left=0)


def figure_2b(
    curve: Path,
    *,
    grid_summaries: dict[str, Path],
    grid_evaluations: dict[str, Path],
    outputs: list[Path],
) -> None:
    """Draw the error on the larger set against the share of that set's atoms.

    Beside the distilled sets of each iteration stand those of grid-based distillation of the larger
    set, by label: the training summary of its model (`grid_summaries`) and the summary of its
    evaluation on the larger set (`grid_evaluations`). A star marks the paper's 1.0 meV/atom at 5%,
    shifted like all its errors.
    """
    points = read_curve(curve)
    share = [100 * p.share_of_reference_atoms for p in points]
    grids = []
    for label, path in grid_summaries.items():
        if label not in grid_evaluations:
            raise PotstillError(f"{path}: the grid {label} has no evaluation to draw")
        trained, tested = read_json(path), read_json(grid_evaluations[label])
        grid_share = trained["frames"] * trained["atoms"] / (tested["frames"] * tested["atoms"])
        grids.append((100 * grid_share, tested["mae_meV_per_atom"], tested["atoms"], label))
    grids.sort()
    what = f"{grids[0][2]}-atom" if grids else "larger"
    with drawn(outputs) as figure:
        axes = figure.add_subplot()
        _draw_curve(
            axes, points, share, [p.mae_reference for p in points],
            [p.mae_reference_shifted for p in points], label="distilled",
        )  # fmt: skip
        if grids:
            axes.plot(
                [g[0] for g in grids], [g[1] for g in grids], "D:", color=GREEN, label="(H, O) grid"
            )
        for x, y, _, label in grids:
            axes.annotate(
                label, (x, y), (0, -10), textcoords="offset points", ha="center",
                fontsize=6.5, color=GREEN,
            )  # fmt: skip
        mark_paper(axes, FIGURE_2B)
        axes.set_xscale("log")  # the grids' shares span two decades
        axes.xaxis.set_major_formatter("{x:g}")
        _label(axes, f"share of the {what} set's atoms (%)", f"MAE, {what} set (meV/atom)")


def _draw_curve(
    axes: Axes,
    points: list[CurvePoint],
    share: list[float],
    plain: list[float],
    shifted: list[float],
    *,
    label: str,
) -> None:
    """Draw both errors, with the first and the last iteration numbered to show the direction."""
    axes.plot(share, plain, "o-", color=BLUE, label=label)
    axes.plot(share, shifted, "s--", color=SKY, markerfacecolor="white", label="shifted")
    for end, side in {0: "right", len(points) - 1: "left"}.items():  # outside of the curve
        axes.annotate(
            f"k = {points[end].iteration}", (share[end], plain[end]),
            (5 if side == "left" else -5, 4), textcoords="offset points", ha=side, fontsize=6.5,
            color=GREY,
        )  # fmt: skip


def _label(axes: Axes, x: str, y: str) -> None:
    axes.set(xlabel=x, ylabel=y, yscale="log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.margins(x=0.15, y=0.15)
    # above the panel, where no point can be under it
    handles, labels = axes.get_legend_handles_labels()
    axes.figure.legend(handles, labels, loc="outside upper center", ncols=4, columnspacing=1.2)
