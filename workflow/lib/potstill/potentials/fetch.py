"""Get a table, verify it, and write it in one form whatever copy it came from."""

from dataclasses import replace
from pathlib import Path

from potstill.errors import PotstillError
from potstill.potentials.known_tables import KNOWN, KnownTable
from potstill.potentials.setfl import (
    Setfl,
    format_setfl,
    numbers_sha256,
    parse_setfl,
    table_text,
)
from potstill.potentials.sources import SOURCES
from potstill.runtime.files import atomic_path
from potstill.runtime.progress import say


def fetch_table(name: str, output: Path, *, file: str | None, sha256: str | None) -> str:
    """Write the verified EAM table `name` to `output` as eam/fs text; return its source.

    `file` is a local copy (eam/fs or eam/alloy) to use instead of fetching one; `sha256` is the
    hash of the numbers of a table that is not in `known_tables.KNOWN`. A known table is accepted
    only if its numbers have the known hash, and the written bytes do not depend on its source.

    Raises PotstillError when no source has the table (each one's reason is given), when the numbers
    are not those of the table, or when the file is not an EAM table.
    """
    known = KNOWN.get(name)
    if known is not None and sha256 not in (None, known.sha256):
        raise PotstillError(
            f"potentials.{name}.sha256: {name} is a known table with another hash; remove the "
            "setting, or give your table another name"
        )
    if file is not None:
        source = f"the file {file}"
        table = _from_file(name, file, known, sha256)
    elif known is not None:
        source, table = _from_sources(known)
    else:
        raise PotstillError(
            f"potentials.{name}: not a table that can be fetched ({', '.join(KNOWN)}); "
            f"name a local copy in potentials.{name}.file"
        )
    if known is not None:
        table = replace(table, comments=known.comments)
    with atomic_path(output) as temporary:
        temporary.write_text(format_setfl(table), encoding="utf-8")
    say(f"potential {name}: verified, from {source}")
    return source


def _from_file(name: str, file: str, known: KnownTable | None, sha256: str | None) -> Setfl:
    text = table_text(file, setting=f"potentials.{name}.file: ")
    table = parse_setfl(text, f"potentials.{name}.file: {file}")
    expected = known.sha256 if known is not None else sha256
    found = numbers_sha256(text)
    if expected is not None and found != expected:
        raise PotstillError(
            f"potentials.{name}.file: the numbers of {file} have SHA-256 {found}, expected "
            f"{expected}; use an unchanged copy, or give a table of your own another name"
        )
    return table


def _from_sources(known: KnownTable) -> tuple[str, Setfl]:
    reasons = []
    for source in SOURCES:
        try:
            text = source.get(known)
            found = numbers_sha256(text)
            if found == known.sha256:
                return source.LABEL, parse_setfl(text, source.LABEL)
            reason = f"its copy has other numbers (SHA-256 {found}, expected {known.sha256})"
        except PotstillError as error:
            reason = str(error)
        say(f"potential {known.name}: not from {source.LABEL}: {reason}")
        reasons.append(f"{source.LABEL}: {reason}")
    raise PotstillError(
        f"potentials.{known.name}: no source has the table ({' | '.join(reasons)}); get a copy of "
        f"{known.urls[0]} and name it in potentials.{known.name}.file"
    )
