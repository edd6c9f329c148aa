"""EAM tables as text: the LAMMPS forms eam/alloy ("setfl") and eam/fs (Finnis-Sinclair).

Energy of a configuration, with a the element of atom i and b the element of atom j:

    E = sum_i F_a(rho_i) + 1/2 sum_i sum_j phi_ab(r_ij),    rho_i = sum_j rho_ab(r_ij)

Both forms have three comment lines, the elements, one line `n_rho d_rho n_r d_r cutoff`, a block
for each element and the pair functions r*phi of the lower triangle (11, 21, 22, 31, ...). In an
eam/alloy block stands the one density that this element gives to any atom. In an eam/fs block stand
as many densities as there are elements: those that *the block's element* gives to an atom of the
first, second, ... element ("density of element I at element J"; this is how LAMMPS reads them).
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.errors import PotstillError

Floats = NDArray[np.float64]

COMMENT_LINES = 3


@dataclass(frozen=True)
class Setfl:
    """EAM functions of E elements on regular meshes that start at 0.

    masses_u (E,) u; lattice_constants_A (E,) A; lattices: names as "fcc"; d_rho density's unit;
    d_r and cutoff_A in A. embedding (E, n_rho) eV. density (E, E, n_r): density[a, b] is the
    density that an atom of element b puts on an atom of element a. pair (E, E, n_r): r*phi in
    eV A, symmetric in the elements.
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


def numbers_sha256(text: str) -> str:
    """Return the SHA-256 of a table's numbers, which all honest copies of a table share.

    The three comment lines are dropped and the rest is split on white space. Each number goes in
    as little-endian float64 (-0 as 0), each word (element, lattice) as its UTF-8 text and a NUL.
    """
    digest = hashlib.sha256()
    for token in _tokens(text):
        try:
            digest.update(struct.pack("<d", float(token) + 0.0))  # -0.0 + 0.0 is 0.0
        except ValueError:
            digest.update(token.encode() + b"\0")
    return digest.hexdigest()


def read_setfl(path: str | Path) -> Setfl:
    """Read an eam/fs or eam/alloy file; the count of its numbers tells which of the two it is.

    Raises PotstillError, naming the file, when it is missing, truncated, too long or garbled.
    """
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise PotstillError(
            f"{path}: cannot read the EAM table ({error.strerror}); check the file's name"
        ) from None
    return parse_setfl(text, str(path))


def parse_setfl(text: str, origin: str) -> Setfl:
    """Parse the text of an eam/fs or eam/alloy file; errors name `origin`."""
    lines = text.splitlines()
    comments = [line.strip() for line in (*lines[:COMMENT_LINES], "", "", "")]
    reader = _Reader(_tokens(text), origin)
    count = reader.integer("the number of elements")
    if count > len(reader.tokens):
        raise reader.garbled(f"asks for {count} elements")
    elements = tuple(reader.word("an element's symbol") for _ in range(count))
    n_rho = reader.integer("the number of embedding values")
    d_rho = reader.number("the density step")
    n_r = reader.integer("the number of radial values")
    d_r = reader.number("the radial step")
    cutoff = reader.number("the cut-off")
    if min(d_rho, d_r, cutoff) <= 0:
        raise reader.garbled("has a step or cut-off that is not positive")
    if cutoff > n_r * d_r * (1 + 1e-9):
        raise reader.garbled(f"ends at {n_r * d_r:g} A, before its cut-off of {cutoff:g} A")

    pairs = count * (count + 1) // 2 * n_r
    sizes = {
        "fs": count * (4 + n_rho + count * n_r) + pairs,
        "alloy": count * (4 + n_rho + n_r) + pairs,
    }
    left = len(reader.tokens) - reader.position
    form = next((name for name, size in sizes.items() if size == left), None)
    if form is None:
        raise reader.garbled(
            f"has {left} values after its header, where eam/fs has {sizes['fs']} and eam/alloy "
            f"{sizes['alloy']}"
        )

    numbers, masses, constants, lattices = [], [], [], []
    embedding = np.empty((count, n_rho))
    density = np.empty((count, count, n_r))
    pair = np.empty((count, count, n_r))
    for b in range(count):
        numbers.append(reader.integer("an atomic number"))
        masses.append(reader.number("a mass"))
        if masses[-1] <= 0:
            raise reader.garbled("has a mass that is not positive")
        constants.append(reader.number("a lattice constant"))
        lattices.append(reader.word("a lattice's name"))
        embedding[b] = reader.values(n_rho)
        if form == "alloy":
            density[:, b] = reader.values(n_r)
        else:
            for a in range(count):
                density[a, b] = reader.values(n_r)
    for a in range(count):
        for b in range(a + 1):
            pair[a, b] = pair[b, a] = reader.values(n_r)
    return Setfl(
        comments=(comments[0], comments[1], comments[2]),
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
        embedding=embedding,
        density=density,
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


def _tokens(text: str) -> list[str]:
    return [token for line in text.splitlines()[COMMENT_LINES:] for token in line.split()]


class _Reader:
    """Takes tokens one after another and says what was expected where one does not fit."""

    def __init__(self, tokens: list[str], origin: str) -> None:
        self.tokens = tokens
        self.origin = origin
        self.position = 0

    def garbled(self, what: str) -> PotstillError:
        return PotstillError(
            f"{self.origin}: the EAM table {what}; it is truncated or not an eam/fs or eam/alloy "
            "file, fetch it again"
        )

    def word(self, what: str) -> str:
        if self.position >= len(self.tokens):
            raise self.garbled(f"ends before {what}")
        self.position += 1
        return self.tokens[self.position - 1]

    def integer(self, what: str) -> int:
        word = self.word(what)
        if not (word.isascii() and word.isdigit() and int(word) > 0):
            raise self.garbled(f"has '{word[:40]}' for {what}")
        return int(word)

    def number(self, what: str) -> float:
        word = self.word(what)
        try:
            value = float(word)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise self.garbled(f"has '{word[:40]}' for {what}")
        return value

    def values(self, count: int) -> Floats:
        words = self.tokens[self.position : self.position + count]
        self.position += count
        try:
            values = np.array(words, dtype=np.float64)
        except ValueError as error:
            raise self.garbled(f"has a word among its numbers ({error})") from None
        if not np.isfinite(values).all():
            raise self.garbled("has a number that is not finite")
        return values
