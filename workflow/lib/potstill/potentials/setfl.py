"""EAM tables as text: the LAMMPS forms eam/alloy ("setfl") and eam/fs (Finnis-Sinclair).

Energy of a configuration, with a the element of atom i and b the element of atom j:

    E = sum_i F_a(rho_i) + 1/2 sum_i sum_j phi_ab(r_ij),    rho_i = sum_j rho_ab(r_ij)

Both forms have three comment lines, the elements, one line `n_rho d_rho n_r d_r cutoff`, a block
for each element and the pair functions r*phi of the lower triangle (11, 21, 22, 31, ...). In an
eam/alloy block stands the one density that this element gives to any atom. In an eam/fs block stand
as many densities as there are elements: those that *the block's element* gives to an atom of the
first, second, ... element ("density of element I at element J"; this is how LAMMPS reads them).

A file is read by lines, as LAMMPS does it. What stands after a `#`, and on a line after the fields
that are needed, is passed over. A function ends with the line on which it is full. What follows the
last function is no part of the table.
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.potentials.setfl_reader import Reader, is_number
from potstill.runtime.progress import say

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Setfl:
    """EAM functions of E elements on regular meshes that start at 0.

    masses_u (E,) u; lattice_constants_A (E,) A; lattices: names as "fcc" (0 and "none" where the
    file leaves them out); d_rho density's unit; d_r and cutoff_A in A. embedding (E, n_rho) eV.
    density (E, E, n_r): density[a, b] is the density that an atom of element b puts on an atom of
    element a. pair (E, E, n_r): r*phi in eV A, symmetric in the elements.
    """

    comments: tuple[str, str, str]
    elements: tuple[str, ...]
    atomic_numbers: tuple[int, ...]
    masses_u: Floats
    lattice_constants_A: Floats
    lattices: tuple[str, ...]
    n_rho: int
    d_rho: float
    n_r: int
    d_r: float
    cutoff_A: float
    embedding: Floats
    density: Floats
    pair: Floats


def numbers_sha256(text: str, origin: str = "the text") -> str:
    """Return the SHA-256 of a table's numbers, which all honest copies of a table share.

    It is that of what is read, in its order: comments and what follows the fields do not matter.
    Each number goes in as little-endian float64 (-0 as 0), each word (element, lattice) as its
    UTF-8 text and a NUL. PotstillError, naming `origin`, if the text is not a table.
    """
    digest = hashlib.sha256()
    for word in _read(text, origin)[1].taken:
        try:
            digest.update(struct.pack("<d", float(word) + 0.0))  # -0.0 + 0.0 is 0.0
        except ValueError:
            digest.update(word.encode() + b"\0")
    return digest.hexdigest()


def table_text(path: str | Path, setting: str = "") -> str:
    """Return the text of a table's file: UTF-8, with or without a byte order mark, or else latin-1.

    Raises PotstillError, naming the setting and the file, when it cannot be read.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise PotstillError(
            f"{setting}cannot read the EAM table {path} ({error.strerror}); correct the name"
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def read_setfl(path: str | Path) -> Setfl:
    """Read an eam/fs or eam/alloy file; what stands in it tells which of the two it is.

    Raises PotstillError, naming the file, when it is missing, truncated or garbled.
    """
    return parse_setfl(table_text(path), str(path))


def parse_setfl(text: str, origin: str) -> Setfl:
    """Parse the text of an eam/fs or eam/alloy file; errors name `origin`.

    Says so where numbers are left over: a function that is longer than the mesh may shift those
    after it, for LAMMPS as well.
    """
    table, reader = _read(text, origin)
    left = reader.words_left()
    spare = [*reader.spare, *(left if all(map(is_number, left)) else [])]
    if spare:
        say(
            f"{origin}: the table has more numbers than its mesh says, {len(spare)} are left over; "
            "if a function is too long, those after it may be shifted"
        )
    return table


def _read(text: str, origin: str) -> tuple[Setfl, Reader]:
    """Return the table, and the reader at its end.

    An eam/alloy file of several elements is too short for eam/fs. For one element the two are the
    same. Of two complaints, that of the reader that came further is the true one.
    """
    complaints = []
    for per_pair in (True, False):
        reader = Reader(text, origin)
        try:
            return _read_as(reader, per_pair), reader
        except PotstillError as error:
            complaints.append((reader.position, error))
    raise max(complaints, key=lambda complaint: complaint[0])[1]


def _read_as(reader: Reader, per_pair: bool) -> Setfl:
    """Read a file that has a density for each pair of elements (eam/fs) or for each element."""
    elements = reader.elements()
    count = len(elements)
    mesh = reader.fields(5, "the mesh")
    n_rho = reader.count(mesh[0], "the number of embedding values")
    d_rho = reader.positive(mesh[1], "the density step")
    n_r = reader.count(mesh[2], "the number of radial values")
    d_r = reader.positive(mesh[3], "the radial step")
    cutoff = reader.positive(mesh[4], "the cut-off")
    numbers, masses, constants, lattices = [], [], [], []
    embedding, density = [], {}
    for b, element in enumerate(elements):
        number, mass, constant, lattice = reader.element()
        numbers.append(number)
        masses.append(mass)
        constants.append(constant)
        lattices.append(lattice)
        embedding.append(reader.values(n_rho, f"the embedding function of {element}"))
        for a in range(count if per_pair else 1):
            density[a, b] = reader.values(n_r, f"a density of {element}", from_zero=True)
    pair = np.empty((count, count, n_r))
    for a in range(count):
        for b in range(a + 1):
            names = f"{elements[a]}-{elements[b]}"
            function = reader.values(n_r, f"the pair function of {names}", from_zero=True)
            pair[a, b] = pair[b, a] = function
    rows = [[density[a if per_pair else 0, b] for b in range(count)] for a in range(count)]
    return Setfl(
        comments=reader.comments,
        elements=elements,
        atomic_numbers=tuple(numbers),
        masses_u=np.array(masses),
        lattice_constants_A=np.array(constants),
        lattices=tuple(lattices),
        n_rho=n_rho,
        d_rho=d_rho,
        n_r=n_r,
        d_r=d_r,
        cutoff_A=cutoff,
        embedding=np.array(embedding),
        density=np.array(rows),
        pair=pair,
    )


def format_setfl(table: Setfl) -> str:
    """Return the table as eam/fs text: the same functions and comments give the same bytes.

    Numbers are written in the shortest form that reads back exactly, five to a line.
    """
    parts = [*table.comments]
    parts.append(" ".join([str(len(table.elements)), *table.elements]))
    parts.append(f"{table.n_rho} {table.d_rho!r} {table.n_r} {table.d_r!r} {table.cutoff_A!r}")
    for b in range(len(table.elements)):
        mass, constant = float(table.masses_u[b]), float(table.lattice_constants_A[b])
        parts.append(f"{table.atomic_numbers[b]} {mass!r} {constant!r} {table.lattices[b]}")
        parts += _rows(table.embedding[b])
        for a in range(len(table.elements)):
            parts += _rows(table.density[a, b])
    for a in range(len(table.elements)):
        for b in range(a + 1):
            parts += _rows(table.pair[a, b])
    return "\n".join(parts) + "\n"


def _rows(values: Floats) -> list[str]:
    words = [repr(value) for value in (values + 0.0).tolist()]
    return [" ".join(words[start : start + 5]) for start in range(0, len(words), 5)]
