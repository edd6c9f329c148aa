"""How each sampling run went: where its walkers wandered, and what that tells of the ensemble."""

from pathlib import Path

import numpy as np
from ase import units
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from potstill.data.structures import Floats
from potstill.plots.read_walk import Walk, read_bias, read_walk, visited_nodes
from potstill.plots.style import BLACK, BLUE, CYCLE, DENSITY, GREY, PAGE, RED, drawn, panel_letter
from potstill.sampling.analysis import (
    melting_curve,
    melting_temperature,
    order_flatness,
    round_trips,
)
from potstill.settings import Momt, Npt

# Drawn of a run: so many of its walkers one by one, and so many points of each curve or cloud.
WALKERS, POINTS = 4, 2000
# As order_flatness has 16 bins over the central 80% of the range, 20 over all of it are the same.
BINS = 20


def thinned(points: Floats, most: int = POINTS) -> Floats:
    """Return at most `most` points, evenly spaced along the last axis."""
    return points[..., :: -(-points.shape[-1] // most)]


def _mark_start(axes: Axes, walk: Walk) -> None:
    """Shade what came before production."""
    axes.axvspan(0, walk.start, color=GREY, alpha=0.18, linewidth=0)
    axes.axvline(walk.start, color=BLACK, linewidth=0.8)
    axes.set_xlim(0, walk.time[-1])


def _strips(figure: SubFigure, walk: Walk) -> None:
    """Draw H/N and O/N over time, a strip for each walker."""
    shown = min(WALKERS, len(walk.enthalpy))
    panels = figure.subplots(shown, 2, sharex=True, sharey="col", squeeze=False)
    time = thinned(walk.time)
    for row, colour in zip(range(shown), CYCLE, strict=False):
        for axes, values in zip(panels[row], (walk.enthalpy, walk.order), strict=True):
            _mark_start(axes, walk)
            axes.plot(
                time, thinned(values[row]) / walk.atoms, color=colour, linewidth=0.5,
                rasterized=True,
            )  # fmt: skip
            axes.yaxis.set_major_locator(MaxNLocator(3))
    for axes, letter, text in zip(panels[0], "ab", ("H/N (eV/atom)", "O/N"), strict=True):
        panel_letter(axes, letter)
        axes.set_title(text, fontsize=8)
    panels[0, 0].set_title("grey: learning", loc="right", fontsize=7)
    for axes in panels[-1]:
        axes.set_xlabel("time of one walker (ps)")
    for row in range(shown):
        panels[row, 0].set_ylabel(f"walker {row + 1}", fontsize=7)


def _coverage(axes: Axes, walk: Walk) -> None:
    """Draw points of production in the plane, in the colours of the strips."""
    h, o = (
        thinned(values[:, walk.production] / walk.atoms) for values in (walk.enthalpy, walk.order)
    )
    colours = [CYCLE[w] if w < WALKERS else GREY for w in range(len(h))]
    # in the order of time, so that no walker hides the others
    axes.scatter(
        h.T.ravel(), o.T.ravel(), s=1.5, c=colours * h.shape[1], linewidths=0, alpha=0.6,
        rasterized=True,
    )  # fmt: skip
    axes.set(title="production", xlabel="H/N (eV/atom)", ylabel="O/N")
    axes.xaxis.set_major_locator(MaxNLocator(5))


def _bias(
    figure: SubFigure, axes: Axes, walk: Walk, bias: Floats, h_nodes: Floats, o_nodes: Floats
) -> None:
    """Draw the learned bias where the walkers were, counted from its lowest value there."""
    visited = visited_nodes(walk.enthalpy, walk.order, h_nodes, o_nodes) > 0
    shown = np.ma.masked_array(bias / (units.kB * walk.temperature), ~visited)
    filled = axes.contourf(
        h_nodes / walk.atoms, o_nodes / walk.atoms, (shown - shown.min()).T, levels=12,
        cmap=DENSITY,
    )  # fmt: skip
    figure.colorbar(filled, ax=axes, label="kT$_0$", pad=0.02)
    axes.set(title="learned bias", xlabel="H/N (eV/atom)", ylabel="O/N")


def _flatness(axes: Axes, walk: Walk) -> None:
    """Draw the histogram of O in production and its max/min over the central 80%."""
    order = walk.order[:, walk.production]
    counts, edges = np.histogram(order, BINS)
    edges = edges / walk.atoms
    edge = BINS // 10
    axes.axvspan(edges[edge], edges[-1 - edge], color=GREY, alpha=0.18, linewidth=0)
    axes.stairs(counts / counts.sum(), edges, fill=True, color=BLUE, alpha=0.8)
    flatness = order_flatness(order, BINS - 2 * edge)
    text = "a bin is empty" if flatness is None else f"max/min {flatness:.2f}"
    axes.set_title(f"central 80%: {text}")
    axes.set(xlabel="O/N", ylabel="share of production", xlim=(edges[0], edges[-1]))


def _melting(axes: Axes, walk: Walk, low_K: float, high_K: float, trips: int) -> None:
    """Draw the solid share against temperature, and where it is one half."""
    h, o, bias = (values[:, walk.production] for values in (walk.enthalpy, walk.order, walk.bias))
    kept = ~walk.floor.below(h, o)
    h, bias = h[kept], bias[kept]
    temperatures = np.arange(low_K, high_K, 5.0)
    axes.axhline(0.5, color=GREY, linewidth=0.7, linestyle=":")
    axes.set(xlabel="temperature (K)", ylabel="solid share", ylim=(-0.03, 1.03))
    # without a round trip the two peaks may be noise, or two walkers that never met
    share = melting_curve(h, bias, walk.temperature, temperatures) if trips else np.full(1, np.nan)
    if np.isnan(share).all():
        axes.set(title="no two phases sampled yet" if trips else "no round trip yet")
        axes.set_xlim(low_K, high_K)
        return
    axes.plot(temperatures, share, color=BLUE)
    two_phases = temperatures[np.isfinite(share)]
    margin = 0.2 * (two_phases[-1] - two_phases[0]) + 50
    axes.set_xlim(max(low_K, two_phases[0] - margin), min(high_K, two_phases[-1] + margin))
    melting = melting_temperature(h, bias, walk.temperature, low_K, high_K)
    if melting is None:
        axes.set_title("no temperature with one half")
    else:
        axes.plot(melting, 0.5, "o", color=RED)
        axes.set_title(f"one half at {melting:.0f} K")


def plot_walk(trace: Path, settings: Momt | Npt, *, name: str, outputs: list[Path]) -> None:
    """Draw the walk of one sampled set, and what it tells."""
    if isinstance(settings, Momt):
        momt_diagnostics(
            trace,
            low_K=settings.low_temperature_K,
            high_K=settings.high_temperature_K,
            outputs=outputs,
        )
    else:
        npt_diagnostics(trace, outputs=outputs)


def momt_diagnostics(trace: Path, *, low_K: float, high_K: float, outputs: list[Path]) -> None:
    """Draw how a MOMT run went, from its trace.

    (a), (b): H and O per atom of the first walkers over time, learning shaded; (c) the plane that
    production covers; (d) the learned bias, in kT0 above its lowest value, where walkers were;
    (e) the histogram of O in production; (f) the solid share by reweighting to temperatures from
    low_K to high_K, where the enthalpy has two peaks. Long traces are thinned in (a) to (c) alone.
    """
    walk = read_walk(trace)
    bias, h_nodes, o_nodes = read_bias(trace)
    h, o = walk.enthalpy[:, walk.production], walk.order[:, walk.production]
    trips = round_trips(h, o, walk.atoms, float(h_nodes[0] + h_nodes[-1]) / 2)
    strips = 0.75 + 0.5 * min(WALKERS, len(h))
    with drawn(outputs, width=PAGE, height=strips + 4.9) as figure:
        top, bottom = figure.subfigures(2, 1, squeeze=False, height_ratios=(strips, 4.7))[:, 0]
        _strips(top, walk)
        panels = bottom.subplots(2, 2)
        _coverage(panels[0, 0], walk)
        _bias(bottom, panels[0, 1], walk, bias, h_nodes, o_nodes)
        panels[0, 1].sharex(panels[0, 0])
        panels[0, 1].sharey(panels[0, 0])
        _flatness(panels[1, 0], walk)
        _melting(panels[1, 1], walk, low_K, high_K, trips)
        for axes, letter in zip(panels.flat, "cdef", strict=True):
            panel_letter(axes, letter)
        count = f"{trips} round {'trip' if trips == 1 else 'trips'}"
        _title(figure, f"{walk.label('MOMT')}: {count} of {len(h)} walkers in production")


def npt_diagnostics(trace: Path, *, outputs: list[Path]) -> None:
    """Draw how a conventional run went: H/N, O/N and kinetic temperature over time.

    Thin curves are the first walkers; the black one is the mean over all walkers since production
    began. The written means are those of production, with the standard error that the walkers' own
    means give.
    """
    walk = read_walk(trace)
    rows = (
        ("H/N (eV/atom)", walk.enthalpy / walk.atoms, ".4f"),
        ("O/N", walk.order / walk.atoms, ".4f"),
        ("kinetic temperature (K)", walk.kinetic, ".1f"),
    )
    with drawn(outputs, width=PAGE * 0.75, height=5.0) as figure:
        panels = figure.subplots(3, 1, sharex=True)
        for axes, letter, (text, values, digits) in zip(panels, "abc", rows, strict=True):
            _mark_start(axes, walk)
            for row, colour in zip(values[:WALKERS], CYCLE, strict=False):
                axes.plot(
                    thinned(walk.time), thinned(row), color=colour, linewidth=0.4, alpha=0.6,
                    rasterized=True,
                )  # fmt: skip
            produced = values[:, walk.production]
            running = np.cumsum(produced.mean(axis=0)) / np.arange(1, produced.shape[1] + 1)
            axes.plot(thinned(walk.time[walk.production]), thinned(running), color=BLACK)
            # a hot start would leave little room for production
            low, high = produced.min(), produced.max()
            if high > low:
                axes.set_ylim(low - 0.15 * (high - low), high + 0.15 * (high - low))
            mean = f"mean {produced.mean():{digits}}"
            if len(produced) > 1:
                error = produced.mean(axis=1).std(ddof=1) / np.sqrt(len(produced))
                mean += f" ± {error:{digits}}"
            axes.set_title(mean.replace("-", "\N{MINUS SIGN}"), loc="right", fontsize=7.5)
            axes.set_ylabel(text)
            panel_letter(axes, letter)
        panels[2].axhline(walk.temperature, color=RED, linewidth=0.8, linestyle="--")
        panels[2].set_xlabel("time of one walker (ps)")
        _title(figure, f"{walk.label('conventional NPT')}: {len(walk.order)} walkers")


def _title(figure: Figure, text: str) -> None:
    figure.suptitle(text, fontsize=9)
