"""Reads the lines of an eam/fs or eam/alloy file as LAMMPS does, see `setfl`."""

import re

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from potstill.errors import PotstillError

COMMENT_LINES = 3
# What stands for the two fields of an element's line that a file may leave out.
NO_CONSTANT, NO_LATTICE = "0", "none"
# Splines take their slopes from three values at least.
LEAST_VALUES = 3


def is_number(word: str) -> bool:
    """Return whether a word is a number as C reads them, inf and nan among them."""
    try:
        float(word)
    except ValueError:
        return False
    return word.isascii() and "_" not in word


class Reader:
    """Takes fields and functions line after line and says what was expected where one does not fit.

    position: lines read; taken: the words that are the table's, in their order; spare: numbers that
    stood on the last line of a function, after its last value.
    """

    def __init__(self, text: str, origin: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2212", "-")
        self.lines = text.split("\n")
        heads = [line.strip() for line in (*self.lines[:COMMENT_LINES], "", "", "")]
        self.comments = heads[0], heads[1], heads[2]
        self.origin = origin
        self.position = COMMENT_LINES
        self.taken: list[str] = []
        self.spare: list[str] = []

    def wrong(self, what: str) -> PotstillError:
        """Return the error for the present line."""
        return PotstillError(
            f"{self.origin}: line {self.position} of the EAM table {what}; it is damaged, or not "
            "an eam/fs or eam/alloy file"
        )

    def ended(self, what: str) -> PotstillError:
        """Return the error for the end of the file."""
        return PotstillError(
            f"{self.origin}: the EAM table ends {what}; it is truncated, or has fewer values than "
            "its line of the mesh says, or is not an eam/fs or eam/alloy file"
        )

    def line(self) -> list[str]:
        """Return the words of the next line that has any; none at the end."""
        while self.position < len(self.lines):
            words = self.lines[self.position].partition("#")[0].split()
            self.position += 1
            if words:
                return words
        return []

    def words_left(self) -> list[str]:
        """Return the words from here to the end of the file."""
        return [word for line in iter(self.line, []) for word in line]

    def fields(self, count: int, what: str) -> list[str]:
        """Return the words of the next line, or of so many that there are `count` words."""
        words = self.line()
        while words and len(words) < count:
            more = self.line()
            if not more:
                words = []
            words += more
        if not words:
            raise self.ended(f"before {what}")
        self.taken += words[:count]
        return words

    def elements(self) -> tuple[str, ...]:
        """Return the elements' symbols, with a capital first letter alone (CU is Cu)."""
        words = self.fields(1, "the number of elements")
        count = self.count(words[0], "the number of elements", least=1)
        if len(words) != count + 1:
            raise self.wrong(
                f"counts {count} elements and names {len(words) - 1} (after three lines of "
                "comment, it holds the number of elements and their symbols)"
            )
        self.taken += words[1:]
        proper = [word.capitalize() for word in words[1:]]
        return tuple(
            symbol if symbol in atomic_numbers else word
            for symbol, word in zip(proper, words[1:], strict=True)
        )

    def element(self) -> tuple[int, float, float, str]:
        """Return atomic number, mass (u), lattice constant (A) and lattice of an element's line."""
        words = self.fields(2, "an element's atomic number and mass")
        if not re.fullmatch(r"[+-]?\d+", words[0], re.ASCII):
            raise self.wrong(f"has '{words[0][:40]}' for an atomic number")
        mass = self.positive(words[1], "a mass")
        known = len(words) > 2 and is_number(words[2]) and np.isfinite(float(words[2]))
        rest = [words[2], *words[3:4]] if known else []
        self.taken += [*rest, *(NO_CONSTANT, NO_LATTICE)[len(rest) :]]
        return int(words[0]), mass, float(self.taken[-2]), self.taken[-1]

    def count(self, word: str, what: str, least: int = LEAST_VALUES) -> int:
        """Return a whole number of at least `least`."""
        if not (word.isascii() and word.isdigit() and int(word) >= least):
            raise self.wrong(f"has '{word[:40]}' for {what}")
        return int(word)

    def positive(self, word: str, what: str) -> float:
        """Return a positive number."""
        value = float(word) if is_number(word) else np.nan
        if not 0.0 < value < np.inf:
            raise self.wrong(f"has '{word[:40]}' for {what}, which is a positive number")
        return value

    def values(self, count: int, what: str, *, from_zero: bool = False) -> NDArray[np.float64]:
        """Return a function's values, finite but for the first where that is at distance 0."""
        function: list[float] = []
        while len(function) < count:
            line, room = self.line(), count - len(function)
            words = line[:room]
            self.spare += filter(is_number, line[room:])
            if not words:
                raise self.ended(f"after {len(function)} of {count} values of {what}")
            for word in words:
                if not is_number(word):
                    raise self.wrong(f"has '{word[:40]}' among the numbers of {what}")
                function.append(float(word))
                if not (np.isfinite(function[-1]) or (from_zero and len(function) == 1)):
                    raise self.wrong(f"has '{word[:40]}' in {what}, which is not finite")
            self.taken += words
        return np.array(function)
