"""A model on a page of HTML: what it was trained on, its errors in pictures, what sigma tells."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from potstill.audit.file_report import checked_report, report_lines
from potstill.command.error_tables import TITLES, error_rows, sigma_lines, worst_tables
from potstill.command.text_table import shown
from potstill.data.formats import FileFrames
from potstill.data.structures import Indices
from potstill.models.evaluate_frames import Comparison
from potstill.models.sigma_errors import judged_atoms
from potstill.plots.calibration_plot import Judged, plot_calibration
from potstill.plots.course_plot import plot_course
from potstill.plots.parity_plot import Compared, plot_parity
from potstill.report.markup import Table
from potstill.report.page import Image, Part, write_page
from potstill.trust.assessment import SMALLEST_SIGMA_EV, calibration_frames

_HELD_OUT = (
    "Each frame is predicted by the networks that did not train on it, fewer than the model has; "
    "frames that all networks trained on are left out. Sigma is of all networks, most of which "
    "know the frame. So errors are a little larger than in new frames, and sigma is smaller. For "
    "errors in new frames name such with `--test`."
)


def write_training_page(
    page: Path,
    model: Path,
    file: Path,
    found: FileFrames,
    told: dict[str, Any],
    history: Path,
    compared: Comparison | None,
    *,
    seed: int,
) -> None:
    """Write what a model was trained on, the course of its training, and its errors.

    told: the summary of the training; compared: that of which it has the errors, as `test` or as
    `held_out`; None for no such frames.
    """
    with TemporaryDirectory() as folder:
        course = Path(folder, "course.png")
        plot_course(history, [course])
        parts: list[Part] = [
            f"{told['members']} networks, trained on {told['frames']} frames of `{file}` in "
            f"{told['steps']:,} steps, with the seed {told['seed']}.",
            "## What it was trained on",
            _trained_on(str(file), found, told["data_check"]),
            "## The course of the training",
            Image(
                course,
                "Means over the networks, each in frames that it does not train on.",
                wide=True,
            ),
        ]
        if "test" in told and compared is not None:
            parts += [
                "## Errors in the test frames",
                *_errors(told["test"], compared, seed, folder),
            ]
        elif compared is not None:
            parts += [
                "## Errors in frames that networks did not train on",
                _HELD_OUT,
                *_errors(told["held_out"], compared, seed, folder),
            ]
        write_page(page, f"{model.name}: a model for {told['symbol']}", parts)


def write_errors_page(
    page: Path, model: Path, told: dict[str, Any], compared: Comparison, *, seed: int
) -> None:
    """Write the errors of a model; told: those that `models.evaluate_frames.tell` tells."""
    files = dict.fromkeys(compared.given.files)
    with TemporaryDirectory() as folder:
        parts: list[Part] = [
            f"The model `{model}`, compared with the labels of {told['frames']} frames of "
            f"{' and '.join(f'`{file}`' for file in files)}.",
            *_errors(told, compared, seed, folder),
        ]
        write_page(page, f"Errors of {model.name}", parts)


def _trained_on(name: str, found: FileFrames, checked: dict[str, Any]) -> Table:
    """Return what frames are, and what the data check says of them."""
    lines = [line.strip() for line in report_lines(checked_report(name, found, checked))]
    rows = [line.partition(": ")[::2] for line in lines]
    return Table(["frames of", rows[0][0]], [("in all", rows[0][1]), *rows[1:]])


def _errors(told: dict[str, Any], compared: Comparison, seed: int, folder: str) -> list[Part]:
    """Return the errors in pictures and tables, what sigma tells of them, and the worst frames."""
    parity = Path(folder, "parity.png")
    plot_parity(*_compared(compared), [parity])
    rows = [[*map(str, row[:3]), *map(shown, row[3:])] for row in error_rows(told)]
    parts: list[Part] = [
        Image(
            parity,
            "Left: what the model says against the label. Middle: the error against the label; "
            "triangles are errors beyond the axis. Right: how the errors are distributed, along "
            "the axis of the middle. Of more than 4,000 points their density is drawn.",
            wide=True,
        ),
        Table(TITLES, rows),
    ]
    calibration = Path(folder, "calibration.png")
    plot_calibration(_judged(told, compared, seed), [calibration])
    parts += [
        "## Does sigma tell the error?",
        *(f"{line[0].upper()}{line[1:]}." for line in sigma_lines(told)),
        Image(
            calibration,
            "Left: which share of the errors is within a width that should hold the expected "
            "share, in frames that the factor was not found on. Right: each error against its "
            "sigma, how much the networks disagree. The mean error of energies is taken out.",
            wide=True,
        ),
    ]
    parts.append("## Worst frames")
    parts += [Table(header, cells) for header, cells in worst_tables(told)]
    return parts


def _compared(compared: Comparison) -> tuple[list[Compared], list[str]]:
    """Return what is drawn of energies and forces, and the names of the parts."""
    frames = compared.given.frames
    names, part = _parts(compared)
    energies, forces = compared.energies, compared.forces
    sizes = frames.sizes[energies.frames]
    rows = [
        Compared(
            f"energies of {len(sizes):,} frames",
            "eV/atom",
            "meV/atom",
            energies.exact / sizes,
            energies.predicted / sizes,
            part[energies.frames],
        )
    ]
    if forces:
        of_components = np.repeat(part[forces.frames], 3 * frames.sizes[forces.frames])
        rows.append(
            Compared(
                f"forces on {len(forces.exact):,} atoms", "eV/A", "meV/A", forces.exact.ravel(),
                forces.predicted.ravel(), of_components,
            )
        )  # fmt: skip
    return rows, names


def _parts(compared: Comparison) -> tuple[list[str], Indices]:
    """Return the parts that a picture tells apart, and which of them each frame (F,) is of.

    Groups where there are some, else files, else kinds of frames by elements.
    """
    given = compared.given
    for names in (given.groups, given.files):
        if names is not None and len(set(names)) > 1:
            found = list(dict.fromkeys(names))
            return found, np.array([found.index(name) for name in names])
    return given.frames.systems()


def _judged(told: dict[str, Any], compared: Comparison, seed: int) -> list[Judged]:
    """Return errors and sigmas as what is told of them judges them."""
    energies, forces = compared.energies, compared.forces
    sizes = compared.given.frames.sizes[energies.frames]
    error = 1e3 * (energies.predicted - energies.exact) / sizes
    judged = ~calibration_frames(len(error), seed) & (energies.std >= SMALLEST_SIGMA_EV)
    sigma = told["uncertainty"]
    rows = [
        Judged(
            "energies",
            "meV/atom",
            error - error.mean(),
            1e3 * energies.std / sizes,
            sigma["sigma_factor"],
            judged,
            sigma["spearman_frames"],
            int(judged.sum()),
        )
    ]
    if forces and forces.std is not None:
        sizes = compared.given.frames.sizes[forces.frames]
        sigma = told["force_uncertainty"]
        rows.append(
            Judged(
                "forces",
                "meV/A",
                1e3 * (forces.predicted - forces.exact).ravel(),
                1e3 * np.repeat(forces.std, 3),
                sigma["sigma_factor"],
                np.repeat(judged_atoms(forces.std, sizes, seed), 3),
                sigma["spearman_atoms"],
                len(sizes) - sigma["calibration_frames"],
            )
        )
    return rows
