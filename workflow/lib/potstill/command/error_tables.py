"""What the commands tell of a model's errors, see `models.evaluate_frames`."""

from collections.abc import Iterator
from typing import Any

import typer

from potstill.command.text_table import print_table, shown

# The parts of a set by which a summary tells errors, and the key of a part's name.
_PARTS = {
    "by_composition": "elements",
    "by_element": "element",
    "by_group": "group",
    "by_file": "file",
}
HEADER = ("part", "name", "frames", "mae_meV_per_atom", "force_mae_meV_per_A")
TITLES = ("part", "name", "frames", "energy (meV/atom)", "forces (meV/A)")

# the frames of the largest errors, and what their numbers are
_WORST = (
    ("worst_energies", "energy (meV/atom)", "sigma (meV/atom)"),
    ("worst_forces", "forces (meV/A)"),
)


def error_rows(told: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the mean errors over all frames, and over those of each part: rows below `HEADER`."""
    yield ("all", "", *(told[name] for name in HEADER[2:]))
    for key, what in _PARTS.items():
        for row in told.get(key, []):
            yield (what, row[what], *(row[name] for name in HEADER[2:]))


def print_errors(told: dict[str, Any]) -> None:
    """Print the errors of a model: means by part, what sigma says of them, the worst frames."""
    rows = list(error_rows(told))
    print_table(TITLES, [[*map(str, row[:3]), *map(shown, row[3:])] for row in rows])
    typer.echo(
        f"\nenergies: root mean square error {told['rmse_meV_per_atom']:.2f} meV/atom, mean "
        f"{told['shift_meV_per_atom']:.2f} meV/atom"
    )
    for line in sigma_lines(told):
        typer.echo(line)
    for header, cells in worst_tables(told):
        print_table(header, cells)


def worst_tables(told: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], list[list[str]]]]:
    """Yield the tables of the frames with the largest errors, of energies and of forces."""
    for key, *titles in _WORST:
        cells = [[*_frame(row), *map(shown, _numbers(row))] for row in told[key]]
        if cells:
            yield ("largest errors", "frame", *titles), cells


def sigma_lines(told: dict[str, Any]) -> Iterator[str]:
    """Yield what the networks' spread says of the errors, and whether the model knew them."""
    for key, what in (("uncertainty", "energies"), ("force_uncertainty", "forces")):
        if key in told:
            yield _of_sigma(told[key], what)
    for key, what in (("energy", "energies"), ("force", "forces")):
        found = told.get("calibration", {}).get(key, {})
        if found.get("1_sigma") is not None:
            one, two = (f"{found[name]:.0%}" for name in ("1_sigma", "2_sigma"))
            yield f"{what}: {one} are within what the model gives for 68%, {two} for 95%"


def _of_sigma(found: dict[str, Any], what: str) -> str:
    """Return in a line what the deviation over the networks says of the errors."""
    if found["coverage"]["1_sigma"] is None:
        return f"{what}: too few frames to tell how far sigma is the error"
    one, two = (
        f"{found['coverage'][k]:.0%} are within {within} ({found['coverage_normal'][k]:.0%} if "
        "errors were normal)"
        for k, within in (("1_sigma", "it"), ("2_sigma", "twice it"))
    )
    return f"{what}: sigma, times {found['sigma_factor']:.2f}, against errors: {one}, {two}"


def _frame(row: dict[str, Any]) -> tuple[str, str]:
    return row["file"], str(row["frame"])


def _numbers(row: dict[str, Any]) -> list[float]:
    return [value for name, value in row.items() if name not in ("file", "frame")]
