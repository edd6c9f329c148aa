"""What choosing gains over several studies, of other seeds or other data, taken together.

    python -m potstill.paper.study.compare_studies results/*/study/Ni/models.csv

prints the errors in ratio to random's over the shares of all of them (see `over_shares`).
"""

import argparse
import csv
import sys
from collections.abc import Iterable
from pathlib import Path

from potstill.errors import PotstillError
from potstill.paper.study.over_shares import (
    Row,
    error_names,
    markdown_ratios,
    ratios,
    require_random,
)


def read_models(path: Path) -> list[Row]:
    """Read a study's rows, one a model. Raises PotstillError for a file that is no such table."""
    try:
        with path.open(newline="") as handle:
            rows = list(csv.DictReader(handle))
        return [
            {"strategy": row["strategy"], "percent": float(row["percent"])}
            | {name: float(row[name]) for name in error_names(row)}
            for row in rows
        ]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise PotstillError(
            f"{path}: not the models.csv of a study ({error}); make it with `snakemake study`"
        ) from None


def compare(paths: Iterable[Path]) -> str:
    """Return the ratios over the shares of several studies in Markdown.

    Raises PotstillError for a file that cannot be read, or that has other errors than the first.
    """
    studies = {path: read_models(path) for path in paths}
    errors: list[str] = []
    for path, rows in studies.items():
        found = error_names(rows[0]) if rows else []
        errors = errors or found
        if not found or found != errors:
            raise PotstillError(f"{path}: no models, or other errors than in the first file")
        require_random(rows, path)
    return "\n\n".join(markdown_ratios(ratios(list(studies.values()), errors), errors))


def main() -> None:
    """Print the ratios over the studies that are named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m potstill.paper.study.compare_studies",
        description="Compare strategies with random over the shares of several studies.",
    )
    parser.add_argument("models", type=Path, nargs="+", help="models.csv of a study")
    try:
        print(compare(parser.parse_args().models))
    except PotstillError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
