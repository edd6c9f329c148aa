"""Rows of tables of structures: what each one is called, and what is told of it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from potstill.report.markup import write_csv

if TYPE_CHECKING:
    import ase

_NAMES = ("file", "frame", "formula", "atoms")


def write_structure_rows(
    path: Path,
    header: Sequence[str],
    images: Iterable["ase.Atoms"],
    rows: Iterable[Sequence[object]],
) -> None:
    """Write a table (CSV) of structures of `read_structures`, a row of values for each."""
    named = (
        [
            image.info["file"],
            image.info["frame"],
            image.get_chemical_formula(),
            len(image),
            *row,
        ]
        for image, row in zip(images, rows, strict=True)
    )
    write_csv(path, [*_NAMES, *header], named)
