"""Figure 1: the workflow as a diagram, with this run's counts."""

import itertools
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from potstill.errors import PotstillError
from potstill.plots.style import BLACK, PAGE, drawn
from potstill.runtime.files import read_json

WIDTH, HEIGHT = 1.17, 0.8  # of a box, inches
MARGIN, HIGH, LOW, TOP = 0.1, 1.72, 0.5, 2.55  # inches
UPPER = ("sample", "block", "train", "score", "select")
LOWER = ("distilled", "translate", "final", "relax")
LOOP, DATA, USE = "#FBE3D2", "#D6E8F5", "#D5EFE5"  # tints of the palette's red, blue and green
PICKED = {
    "outlying_atom": "frames with an\noutlying atom",
    "random": "frames at\nrandom",
}


class Box(NamedTuple):
    """A box: its centre in inches, heading, text and colour."""

    x: float
    y: float
    heading: str
    text: str
    colour: str


def figure_1(
    sampling: Path,
    selections: list[Path],
    model: Path,
    *,
    targets: list[str],
    outputs: list[Path],
) -> None:
    """Draw the workflow with this run's counts.

    sampling: summary of the sampled set. selections: summaries of all iterations. model: training
    summary of the distilled model. targets: symbols of the elements that frames are translated to.
    """
    if not selections:
        raise PotstillError("figure 1 needs the summary of at least one iteration")
    sampled = read_json(sampling)["frames"]
    steps = sorted((read_json(path) for path in selections), key=lambda step: step["iteration"])
    trained = read_json(model)
    boxes = _boxes(sampled, steps, trained["symbol"], trained["members"], targets)
    with drawn(outputs, width=PAGE, height=TOP) as figure:
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, PAGE), ylim=(0, TOP))
        axes.axis("off")
        for box in boxes.values():
            _draw(axes, box)
        for start, end in itertools.pairwise(UPPER):
            _arrow(axes, _side(boxes[start], 1, 0), _side(boxes[end], -1, 0))
        _arrow(axes, _side(boxes["select"], 0, -1), _side(boxes["distilled"], 0, 1))
        for start, end in itertools.pairwise(name for name in LOWER if name in boxes):
            _arrow(axes, _side(boxes[start], -1, 0), _side(boxes[end], 1, 0))
        _loop(
            axes,
            boxes["select"],
            boxes["train"],
            f"add to D, go on with the next of {len(steps)} blocks",
        )


def _boxes(
    sampled: int, steps: list[Any], symbol: str, members: int, targets: list[str]
) -> dict[str, Box]:
    first, last = steps[0], steps[-1]
    seen = sum(step["block_frames"] for step in steps[1:])
    added = sum(step["added"] for step in steps[1:])
    picks = PICKED.get(last["strategy"], last["strategy"])
    share = f"{100 * last['frames'] / sampled:.1f}% of those\nsampled"
    texts = {
        "sample": (
            "Sample",
            f"{sampled:,} frames of\n{last['atoms']} {symbol} atoms\n(MOMT)",
            DATA,
        ),
        "block": ("First block", f"D = {first['frames']:,} frames,\ntaken whole", DATA),
        "train": ("Train", f"{members} networks\non D", LOOP),
        "score": ("Score", "next block: spread\n$\\sigma_i$ of each atom's\nenergy", LOOP),
        "select": ("Select", f"{picks}\n({added:,} of {seen:,})", LOOP),
        "distilled": ("Distilled", f"{last['frames']:,} frames,\n{share}", DATA),
        "translate": ("Translate", f"to {', '.join(targets)}:\nscale, label anew", USE),
        "final": ("Train", f"{members} networks each\nfor {', '.join([symbol, *targets])}", USE),
        "relax": ("Relax", "FCC, BCC, HCP:\nlengths, energies,\nrank", USE),
    }
    if not targets:
        del texts["translate"]
    gap = (PAGE - 2 * MARGIN - WIDTH) / 4
    columns = {"translate": 2.5, "final": 1.25, "relax": 0, "distilled": 4}
    columns.update((name, number) for number, name in enumerate(UPPER))
    return {
        name: Box(MARGIN + WIDTH / 2 + columns[name] * gap, HIGH if name in UPPER else LOW, *text)
        for name, text in texts.items()
    }


def _draw(axes: Axes, box: Box) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (box.x - WIDTH / 2, box.y - HEIGHT / 2), WIDTH, HEIGHT, facecolor=box.colour,
            boxstyle="round,pad=0,rounding_size=0.08", edgecolor=BLACK, linewidth=0.7,
        )
    )  # fmt: skip
    axes.text(
        box.x, box.y + HEIGHT / 2 - 0.07, box.heading, ha="center", va="top", fontweight="bold"
    )
    axes.text(
        box.x, box.y + HEIGHT / 2 - 0.3, box.text, ha="center", va="top", fontsize=7,
        linespacing=1.3,
    )  # fmt: skip


def _side(box: Box, right: int, up: int) -> tuple[float, float]:
    """Return the middle of a box's side."""
    return box.x + right * WIDTH / 2, box.y + up * HEIGHT / 2


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], style: str = "arc3"
) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=9, linewidth=0.9, color=BLACK,
            shrinkA=0, shrinkB=0, connectionstyle=style,
        )
    )  # fmt: skip


def _loop(axes: Axes, start: Box, end: Box, text: str) -> None:
    """Draw the way back over the boxes."""
    height = start.y + HEIGHT / 2 + 0.2
    axes.plot(
        [start.x, start.x, end.x],
        [start.y + HEIGHT / 2, height, height],
        color=BLACK,
        linewidth=0.9,
    )
    _arrow(axes, (end.x, height), _side(end, 0, 1))
    axes.text((start.x + end.x) / 2, height + 0.04, text, ha="center", va="bottom", fontsize=7)
