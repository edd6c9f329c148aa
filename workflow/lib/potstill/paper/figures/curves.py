"""Figures 2a and 2b: error against share of data.

Errors are on a logarithmic axis, which the paper's is not: beside its own ours span a decade.
"""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from potstill.distillation.curve import CurvePoint, read_curve
from potstill.errors import PotstillError
from potstill.paper.printed import FIGURE_2A, FIGURE_2B
from potstill.plots.style import BLUE, GREEN, GREY, PURPLE, SKY, drawn, mark_paper
from potstill.report.read_results import Trained
from potstill.runtime.files import read_json

# The errors that Figure 2a shows of models of other frames, by their keys in an evaluation.
MEASURES = {"mae_meV_per_atom": BLUE, "worst_percent_meV_per_atom": PURPLE}


def figure_2a(curve: Path, *, random: Trained, full: Trained, outputs: list[Path]) -> None:
    """Draw errors over all frames of the distilled set against the share of them trained on.

    Of each iteration's ensemble: the mean absolute error (MAE), the same after removing the mean
    error as in the paper, and the mean of the worst 1% of the frames. Beside them stand the MAE and
    the worst 1% of a model of random frames of the set, at their share, and of a model of all its
    frames, as lines. A star marks the paper's 2.0 meV/atom (shifted) at 17%.
    """
    points = read_curve(curve)
    atoms = points[-1].atoms
    share = [100 * p.share_of_source_frames for p in points]
    with drawn(outputs, height=3.1) as figure:
        axes = figure.add_subplot()
        _draw_curve(
            axes, points, share, [p.mae_source for p in points],
            [p.mae_source_shifted for p in points], label="MAE",
        )  # fmt: skip
        worst = [p.worst_percent_source for p in points]
        axes.plot(share, worst, "^-", color=PURPLE, label="worst 1%")
        tested = read_json(random.evaluation)
        at = 100 * read_json(random.summary)["frames"] / tested["frames"]
        for measure, colour in MEASURES.items():
            axes.plot(at, tested[measure], "D", color=colour, markerfacecolor="none", markersize=6)
            axes.axhline(
                read_json(full.evaluation)[measure], color=colour, linewidth=0.9, linestyle=":"
            )
        # in grey, as these two stand for both errors
        axes.plot([], [], "D", color=GREY, markerfacecolor="none", label="as many at random")
        axes.plot([], [], ":", color=GREY, label="all frames")
        mark_paper(axes, FIGURE_2A)
        _label(axes, f"share of the {atoms}-atom frames (%)", f"error, {atoms} atoms (meV/atom)", 3)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(5))


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
    share = [100 * p.share_of_larger_atoms for p in points]
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
            axes, points, share, [p.mae_larger for p in points],
            [p.mae_larger_shifted for p in points], label="distilled",
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
        _label(axes, f"share of the {what} set's atoms (%)", f"MAE, {what} set (meV/atom)", 4)


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


def _label(axes: Axes, x: str, y: str, ncols: int) -> None:
    axes.set(xlabel=x, ylabel=y, yscale="log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.margins(x=0.15, y=0.15)
    # above the panel, where no point can be under it
    handles, labels = axes.get_legend_handles_labels()
    axes.figure.legend(handles, labels, loc="outside upper center", ncols=ncols, columnspacing=1.2)
