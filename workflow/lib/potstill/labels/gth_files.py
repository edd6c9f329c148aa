"""Goedecker-Teter-Hutter pseudopotentials in the layout that `pw.x` reads.

    python -m potstill.labels.gth_files GTH_POTENTIALS Al-q3 Mg-q2 -o FOLDER

takes them from CP2K's table (Debian's cp2k-data has it in /usr/share/cp2k). The folder `gth` beside
this module was made so. The numbers are of Krack, Theor. Chem. Acc. 114, 145 (2005); the form is
that of Hartwigsen, Goedecker and Hutter, Phys. Rev. B 58, 3641 (1998).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ase.data import atomic_numbers

from potstill.errors import PotstillError
from potstill.runtime.files import atomic_path

FOLDER = Path(__file__).with_name("gth")
# `pw.x` knows by this number that the functional is PBE, and by that one the layout.
PBE, LAYOUT = 11, 10


def gth_file(table: str, symbol: str, electrons: int) -> str:
    """Return the file of an element's PBE pseudopotential with so many electrons.

    table: the text of CP2K's GTH_POTENTIALS, in Hartree atomic units, as the file is. The layout is
    ABINIT's for `pspcod = 10`; its spin-orbit rows, which CP2K's table does not have, are zero.
    Raises PotstillError where the table lacks the pseudopotential, or it does not read on.
    """
    name = f"GTH-PBE-q{electrons}"
    lines = iter(table.splitlines())
    if not any(line.split()[:2] == [symbol, name] for line in lines):
        raise PotstillError(f"the table has no {symbol} {name}; see which ones it has")
    try:
        # electrons by angular momentum, which the head has in all
        next(lines)
        radius, count, *local = next(lines).split()
        channels = int(next(lines))
        rows: list[str] = []
        for channel in range(channels):
            first = next(lines)
            size = int(first.split()[1])
            rows += [first, *(next(lines) for _ in range(size - 1))]
            if channel:
                rows += [" ".join(["0.0"] * (size - row)) for row in range(size)]
        if int(count) != len(local):
            raise ValueError
    except (StopIteration, ValueError, IndexError):
        raise PotstillError(f"the table ends or is broken in {symbol} {name}") from None
    if not channels:  # one has to be there
        channels, rows = 1, ["1.0 0"]
    head = [
        f"{symbol} {name}: Krack, Theor. Chem. Acc. 114, 145 (2005)",
        f"{atomic_numbers[symbol]} {electrons} 2005  nuclear charge, electrons, date",
        f"{LAYOUT} {PBE} {channels - 1} 0 0 0  layout, functional, largest l, -, -, -",
        " ".join([radius, count, *local]),
        f"{channels}",
    ]
    return "\n".join([*head, *(row.strip() for row in rows)]) + "\n"


def main(arguments: Sequence[str]) -> str | None:
    """Write the files that are asked for; return what is wrong, in one line."""
    parser = argparse.ArgumentParser(description="Write pseudopotentials for pw.x.")
    parser.add_argument("table", type=Path, help="CP2K's GTH_POTENTIALS")
    parser.add_argument("names", nargs="+", help="element and electrons, as Al-q3")
    parser.add_argument("--output", "-o", type=Path, default=Path("."), help="folder")
    given = parser.parse_args(arguments)
    for name in given.names:
        symbol, _, electrons = name.partition("-q")
        if symbol not in atomic_numbers or not electrons.isdigit():
            return f"error: {name}: name an element and its electrons, as Al-q3"
        try:
            made = gth_file(given.table.read_text(), symbol, int(electrons))
        except PotstillError as error:
            return f"error: {given.table}: {error}"
        with atomic_path(given.output / f"{symbol}.gth") as temporary:
            temporary.write_text(made)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
