"""Tables as a terminal shows them."""

from collections.abc import Iterator, Sequence

import typer

from potstill.report.markup import MISSING, Table, is_numeric


def shown(value: object, digits: int = 2) -> str:
    """Return a value as a cell: numbers with so many digits, `-` for what is not there."""
    if value is None:
        return MISSING
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def aligned(header: Sequence[str], cells: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; columns of numbers are aligned right."""
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    numeric = is_numeric(Table(header, cells))
    for row in [header, *cells]:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        yield "  ".join(padded).rstrip()


def print_table(header: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print a table, with a line left free before it."""
    typer.echo("\n" + "\n".join(aligned(header, cells)))
