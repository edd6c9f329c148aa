"""Figures S1 and S3: where the sampling runs went."""

from pathlib import Path

import numpy as np
from matplotlib.colors import LogNorm

from potstill.errors import PotstillError
from potstill.plots.read_arrays import read_plane, read_trace
from potstill.plots.style import CYCLE, DENSITY, GREY, PAGE, drawn


def figure_s1(traces: dict[str, Path], *, outputs: list[Path]) -> None:
    """Draw enthalpy per atom against time of production, one walker (the first) of each run.

    traces: trace file by label, drawn in this order, the last behind the others.
    """
    with drawn(outputs, width=PAGE * 0.75, height=2.8) as figure:
        axes = figure.add_subplot()
        for order, (label, path) in enumerate(traces.items()):
            trace = read_trace(path)
            text = f"{label}, {trace.atoms} atoms, {trace.temperature:.0f} K"
            colour = CYCLE[order] if order < len(traces) - 1 else GREY
            axes.plot(
                trace.time, trace.enthalpy[0], color=colour, linewidth=0.7, label=text,
                zorder=-order, rasterized=True,
            )  # fmt: skip
        axes.set(xlabel="time of one walker (ps)", ylabel="enthalpy (eV/atom)")
        axes.margins(x=0)
        figure.legend(
            *axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(traces)
        )


def figure_s3(sets: dict[str, Path], *, outputs: list[Path]) -> None:
    """Draw how the frames of each set cover the plane of enthalpy and order parameter per atom.

    sets: frame file by label, a panel each; the colour counts frames in a hexagon.
    """
    if not sets:
        raise PotstillError("figure S3 needs at least one sampled set")
    columns = min(len(sets), 2)
    rows = -(-len(sets) // columns)
    with drawn(outputs, width=PAGE, height=2.5 * rows) as figure:
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for axes, (label, path) in zip(panels.flat, sets.items(), strict=False):
            frames, enthalpy, order = read_plane(path)
            drawn_cells = axes.hexbin(
                enthalpy, order, gridsize=(32, 16), mincnt=1, cmap=DENSITY, linewidths=0.1,
                norm=LogNorm(vmin=1), rasterized=True,
            )  # fmt: skip
            drawn_cells.set_clim(1, max(2.0, float(np.max(drawn_cells.get_array()))))
            figure.colorbar(drawn_cells, ax=axes, label="frames", pad=0.02)
            axes.set_title(f"{label}: {len(frames):,} frames")
            axes.set_xlabel("H/N (eV/atom)")
        for axes in panels[:, 0]:
            axes.set_ylabel("O/N")
        for axes in panels.flat[len(sets) :]:
            axes.remove()
