"""Where a model errs on a sampled set, and what its uncertainty tells of it."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import erf

from potstill.data.structures import Floats, Indices
from potstill.plots.read_arrays import read_datasets, read_evaluated_set
from potstill.plots.sigma_panels import against_sigma
from potstill.plots.style import BLUE, DENSITY, GREY, PAGE, drawn, panel_letter
from potstill.runtime.files import read_json
from potstill.trust.assessment import SMALLEST_SIGMA_EV, calibration_frames

NAMES = (
    "energy",
    "predicted_energy",
    "energy_std",
    "atomic_std",
)
# of sets that have forces, and of sampled ones
FORCES, PLANE = ("force_frame", "atomic_force_error"), ("enthalpy", "order_parameter")


def _plane(figure: Figure, axes: Axes, enthalpy: Floats, order: Floats, error: Floats) -> None:
    """Draw the mean absolute error in the cells of the plane."""
    cells = axes.hexbin(
        enthalpy, order, np.abs(error), gridsize=32, cmap=DENSITY, bins="log", linewidths=0.1
    )
    figure.colorbar(cells, ax=axes, label="mean |error| (meV/atom)", pad=0.02)
    axes.set(xlabel="H/N (eV/atom)", ylabel="O/N", title="energy error by region")


def _by_energy(axes: Axes, energy: Floats, error: Floats) -> None:
    """Draw the error of frames without a plane against their energy."""
    axes.plot(energy, error, ".", color=BLUE, markersize=1.5, alpha=0.5, rasterized=True)
    axes.set(xlabel="energy (eV/atom)", ylabel="error (meV/atom)", title="energy error by energy")


def _coverage(axes: Axes, error: Floats, sigma: Floats) -> None:
    """Draw the share of errors within k sigma, and that of a normal distribution."""
    k = np.linspace(0, 3, 61)
    if len(error):
        judged = np.sort(np.abs(error) / sigma)
        within = np.searchsorted(judged, k, side="right") / len(judged)
        axes.plot(k, within, color=BLUE, label="model")
    axes.plot(k, erf(k / np.sqrt(2)), color=GREY, linestyle="--", label="normal")
    axes.set(xlabel="k", ylabel="share within k sigma", ylim=(0, 1.02), title="coverage")
    axes.legend(loc="lower right")


def _title(what: str, spearman: float | None) -> str:
    return f"{what}: Spearman {'-' if spearman is None else f'{spearman:.2f}'}"


def _atoms(sizes: Indices) -> str:
    low, high = sizes.min(), sizes.max()
    return str(high) if low == high else f"{low} to {high}"


def plot_errors(evaluation: Path, summary: Path, *, seed: int, outputs: list[Path]) -> None:
    """Draw an evaluation: error by region, and the uncertainty against the error.

    (a) mean absolute error in the (H, O) plane, or the error of frames without one by energy; (b)
    error of a frame's energy against its sigma, the mean error taken out, with the factor found
    on the calibration frames; (c) share of the other frames' errors within k times the scaled
    sigma; (d) error of an atom's force against the sigma of its energy, which is mostly gauge
    (docs/training.md). seed: that of the evaluation. What too few frames do not tell is left
    out.
    """
    arrays, attributes = read_datasets(evaluation, NAMES)
    forces, plane = (
        read_datasets(evaluation, names, optional=True)[0] for names in (FORCES, PLANE)
    )
    found = read_json(summary)["uncertainty"]
    sizes, told = read_evaluated_set(evaluation)
    atoms, factor = sizes[told], found["sigma_factor"]
    error = 1000 * (arrays["predicted_energy"] - arrays["energy"]) / atoms
    shifted = error - error.mean()
    sigma = 1000 * arrays["energy_std"] / atoms
    judged = ~calibration_frames(len(error), seed) & bool(factor)
    judged &= arrays["energy_std"] >= SMALLEST_SIGMA_EV
    with drawn(outputs, width=PAGE, height=5.2) as figure:
        panels = figure.subplots(2, 2)
        if plane:
            h, o = (plane[name][told] / atoms for name in PLANE)
            _plane(figure, panels[0, 0], h, o, error)
        else:
            _by_energy(panels[0, 0], arrays["energy"] / atoms, error)
        against_sigma(panels[0, 1], sigma, np.abs(shifted), factor)
        panels[0, 1].set(
            xlabel="sigma (meV/atom)",
            ylabel="|error| (meV/atom)",
            title=_title("frames", found["spearman_frames"]),
        )
        _coverage(panels[1, 0], shifted[judged], (factor or 0.0) * sigma[judged])
        if forces:
            forced = np.isin(np.arange(len(sizes)), forces["force_frame"])
            against_sigma(
                panels[1, 1],
                1000 * arrays["atomic_std"].ravel()[np.repeat(forced, sizes)],
                1000 * forces["atomic_force_error"].ravel(),
                None,
            )
        panels[1, 1].set(
            xlabel="sigma of the atomic energy (meV)",
            ylabel="error of the force (meV/A)",
            title=_title("atoms", found["spearman_atoms_force"])
            if forces
            else "atoms: the set has no forces",
        )
        for axes, letter in zip(panels.flat, "abcd", strict=True):
            panel_letter(axes, letter)
        figure.suptitle(
            f"{attributes['model']} on {attributes['symbol']}, {_atoms(sizes)} atoms: "
            f"{np.abs(error).mean():.2f} meV/atom",
            fontsize=9,
        )
