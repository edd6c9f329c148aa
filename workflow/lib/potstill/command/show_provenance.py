"""`potstill provenance`: what made a file of a run."""

from pathlib import Path
from typing import Annotated

import typer


def provenance(
    file: Annotated[Path, typer.Argument(help="a result of a run, as a table or a model")],
) -> None:
    """Tell what made a result of a run: rule, inputs, settings and versions.

    Example: `potstill provenance results/default/tables/table_2.md`
    """
    from potstill.provenance import describe

    for line in describe(file):
        typer.echo(line)
