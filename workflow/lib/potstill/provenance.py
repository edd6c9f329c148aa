"""Tell what made a result: `potstill provenance results/default/tables/table_2.md`.

The answer is the chain of jobs from the potentials' tables to the file, out of the records that the
jobs left beside their logs (`runtime.records.record_job`).
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from potstill.errors import PotstillError
from potstill.potentials.setfl import numbers_sha256, table_text
from potstill.runtime.files import read_json
from potstill.runtime.records import file_sha256, write_provenance
from potstill.settings import Settings

Record = dict[str, Any]


def find_run(file: Path) -> Path:
    """Return the folder `results/<run>` that holds a file, known by its folder `logs`."""
    if not file.is_file():
        raise PotstillError(f"{file}: no such file; name a result, as results/default/tables/...")
    for folder in file.parents:
        if (folder / "logs").is_dir():
            return folder
    raise PotstillError(f"{file}: not in the folder of a run, as results/default; name a result")


def read_records(run: Path) -> dict[str, Record]:
    """Return the record of the job that made a file, by the file's name, for a whole run."""
    records = {}
    for path in sorted((run / "logs").rglob("*.json")):
        record = read_json(path)
        records.update(dict.fromkeys(record["outputs"], record))
    return records


def chain(name: str, records: Mapping[str, Record]) -> list[str]:
    """Return a file and all that it was made from, each after what it was made from itself."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in found:
            for source in records[name]["inputs"] if name in records else ():
                visit(source)
            found[name] = None

    visit(name)
    return list(found)


def describe(file: Path) -> Iterator[str]:
    """Yield the lines that tell what made a file of a run.

    Raises PotstillError when there is no such file, or no record of the job that made it.
    """
    file = Path(os.path.abspath(file))
    run = find_run(file)
    base = run.parents[1]  # where Snakemake ran: records name files from there
    asked = str(file.relative_to(base))
    records = read_records(run)
    if asked not in records:
        raise PotstillError(
            f"{file}: no record in {run / 'logs'} tells what made it; name a result, or make it "
            "again with snakemake --forcerun"
        )
    made_with: dict[str, list[str]] = {}
    for name in chain(asked, records):
        yield name
        if name not in records:
            yield "    no record of what made it"
            continue
        record = records[name]
        yield f"    sha256: {record['outputs'][name]}{_since(base / name, record['outputs'][name])}"
        if name.endswith(".eam.fs") and (base / name).exists():
            try:
                digest = numbers_sha256(table_text(base / name), name)
            except PotstillError as error:
                digest = f"none ({error})"
            yield f"    sha256 of the potential's numbers: {digest}"
        yield f"    rule: {record['rule']}"
        for setting, value in record["params"].items():
            yield f"    {setting}: {json.dumps(value)}"
        for source, digest in record["inputs"].items():
            again = source in records and records[source]["outputs"][source] != digest
            yield f"    from: {source}{' (made again since, with other content)' if again else ''}"
        made_with.setdefault(_versions(record), []).append(name)
    for versions, names in made_with.items():
        yield f"made with {versions}"
        if len(made_with) > 1:
            yield from (f"    {name}" for name in names)


def _since(path: Path, digest: str) -> str:
    if not path.exists():
        return " (the file is gone)"
    return "" if file_sha256(path) == digest else " (the file was changed since)"


def _versions(record: Record) -> str:
    git = record["git"]
    code = "code of no known revision"
    if git is not None:
        code = f"code revision {git['revision']}{' with changes' if git['modified'] else ''}"
    packages = (f"{name} {number}" for name, number in record["packages"].items())
    return f"{code}, python {record['python']}, {', '.join(packages)}"


def write_run(
    tables: Sequence[Path], files: Sequence[Path], *, configuration: Settings, output: Path
) -> None:
    """Write down what made a whole run, see `write_provenance`. tables: the potentials'."""
    numbers = {p.name.removesuffix(".eam.fs"): numbers_sha256(p.read_text()) for p in tables}
    write_provenance(files, settings=configuration, potentials=numbers, output=output)
