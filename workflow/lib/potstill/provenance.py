"""Tell what made a result: `python -m potstill.provenance results/default/tables/table_2.md`.

The answer is the chain of jobs from the potentials' tables to the file, of the records that the
jobs left beside their logs (`runtime.provenance.record_job`).
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from potstill.errors import PotstillError
from potstill.potentials.setfl import numbers_sha256
from potstill.runtime.files import read_json
from potstill.runtime.provenance import file_sha256

Record = dict[str, Any]


def find_run(file: Path) -> Path:
    """Return the folder `results/<run>` that holds a file, by its folder `logs`."""
    if not file.is_file():
        raise PotstillError(f"{file}: no such file; name a result, as results/default/tables/...")
    for folder in file.parents:
        if (folder / "logs").is_dir():
            return folder
    raise PotstillError(f"{file}: not in the folder of a run, as results/default; name a result")


def read_records(run: Path) -> dict[Path, Record]:
    """Return the record of the job that made a file, by the file, for all files of a run."""
    base = run.parents[1]  # jobs name files from where Snakemake ran
    records = {}
    for path in sorted((run / "logs").rglob("*.json")):
        record = read_json(path)
        records.update({base / output: record for output in record["outputs"]})
    return records


def chain(file: Path, records: dict[Path, Record], base: Path) -> dict[Path, Record | None]:
    """Return the file and all it was made from, each after what it was made from itself.

    The record is None for a file that no record tells of.
    """
    found: dict[Path, Record | None] = {}

    def visit(path: Path) -> None:
        if path in found:
            return
        record = records.get(path)
        for name in record["inputs"] if record else ():
            visit(base / name)
        found[path] = record

    visit(file)
    return found


def describe(file: Path) -> Iterator[str]:
    """Yield the lines that tell what made a file of a run.

    Raises PotstillError when there is no such file, or no record of the job that made it.
    """
    file = Path(os.path.abspath(file))
    run = find_run(file)
    base = run.parents[1]
    records = read_records(run)
    if file not in records:
        raise PotstillError(
            f"{file}: no record in {run / 'logs'} tells how it was made; make it again with "
            "snakemake --forcerun, or name a result"
        )
    made_with: dict[str, list[str]] = {}
    steps = chain(file, records, base)
    for path, record in steps.items():
        name = str(path.relative_to(base))
        yield name
        if record is None:
            yield "    no record of what made it"
            continue
        yield f"    sha256: {record['outputs'][name]}{_change(path, record['outputs'][name])}"
        if name.endswith(".eam.fs") and path.exists():
            yield f"    sha256 of the potential's numbers: {numbers_sha256(path.read_text())}"
        yield f"    rule: {record['rule']}"
        for key, value in record["params"].items():
            yield f"    {key}: {json.dumps(value)}"
        for source, digest in record["inputs"].items():
            earlier = records.get(base / source)
            stale = earlier is not None and earlier["outputs"][source] != digest
            yield f"    from: {source}{' (which was made anew since)' if stale else ''}"
        made_with.setdefault(_versions(record), []).append(name)
    for versions, names in made_with.items():
        of = "all of these" if len(made_with) == 1 else ", ".join(names)
        yield f"made with {versions}: {of}"


def _change(path: Path, digest: str) -> str:
    if not path.exists():
        return " (the file is gone)"
    return "" if file_sha256(path) == digest else " (the file was changed since)"


def _versions(record: Record) -> str:
    git = record["git"]
    revision = "unknown code revision"
    if git is not None:
        revision = f"code revision {git['revision']}{' with changes' if git['modified'] else ''}"
    packages = (f"{name} {number}" for name, number in record["packages"].items())
    return f"{revision}, python {record['python']}, {', '.join(packages)}"


def main() -> None:
    """Print the chain of the file named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m potstill.provenance", description=__doc__)
    parser.add_argument("file", type=Path, help="a figure, table or other result of a run")
    try:
        for line in describe(parser.parse_args().file):
            print(line)
    except PotstillError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
