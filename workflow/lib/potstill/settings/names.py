"""The names of sets, frame files and models: what they are made of is said here, and only here.

A template such as `sampling/{element}/{atoms}/{ensemble}` makes a name of its fields, and reads the
fields of a name. The rules have the same fields as wildcards.
"""

import re
from functools import cached_property
from typing import NamedTuple

SYMBOL = "[A-Z][a-z]?"
# The number of atoms in the name of a set of frames of several sizes.
MIXED = "mixed"

# What a field may be. `element` is one element or several as one word, as WBe; what is translated
# is one.
FIELDS = {
    "element": f"(?:{SYMBOL})+",
    "source": SYMBOL,
    "target": SYMBOL,
    "atoms": f"(?:[1-9][0-9]*|{MIXED})",
    "ensemble": "[a-z][a-z0-9]*",
    "iteration": "[0-9]+",
    "chunk": "[0-9]+",
    "model": "[A-Za-z0-9][A-Za-z0-9_.-]*",
}


class Template:
    """A name with fields in braces, each of which is one of `FIELDS` or of `others`."""

    def __init__(self, text: str, **others: str) -> None:
        self.text = text
        self.fields = FIELDS | others

    @cached_property
    def regex(self) -> str:
        """What such a name looks like, as a regular expression without groups that have names."""
        return re.sub(r"\(\?P<\w+>", "(?:", self._pattern.pattern)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", self.text)
        names = [f"(?P<{name}>{self.fields[name]})" for name in parts[1::2]]
        plain = [re.escape(part) for part in parts[::2]]
        return re.compile(plain[0] + "".join(map("".join, zip(names, plain[1:], strict=True))))

    def make(self, **fields: object) -> str:
        """Return the name with these fields."""
        return self.text.format(**fields)

    def read(self, name: str) -> dict[str, str] | None:
        """Return the fields of a name, None for a name that is not made like this."""
        found = self._pattern.fullmatch(name)
        return found.groupdict() if found else None


SET = Template("{element}/{atoms}/{ensemble}")

# Frame files, under results/<run>/ and without `.h5`.
SAMPLED = Template("sampling/{element}/{atoms}/{ensemble}")
SELECTION = Template("distillation/{element}/{iteration}/selection")
DISTILLED = Template("distillation/{element}/distilled")
DISTILLED_RELABELLED = Template("distillation/{element}/relabelled")
TRANSLATED = Template("translation/{source}-{target}/frames")
TRANSLATED_RELABELLED = Template("translation/{source}-{target}/relabelled")
# whatever is made of a translation, as a workflow on top may name it
OF_TRANSLATION = Template("translation/{source}-{target}/{rest}", rest=".+")

# what a turn of an exploration knows, and its last turn
EXPLORED_BY_TURN = Template("exploration/{element}/{iteration}/labelled")
EXPLORED = Template("exploration/{element}/labelled")

# Models that a run has without being told.
ITERATION_MODEL = Template("{element}-iteration-{iteration}")
DISTILLED_MODEL = Template("{element}-distilled")
TURN_MODEL = Template("{element}-turn-{iteration}")


class SetName(NamedTuple):
    """What the name of a set says of its frames; atoms: None for several sizes."""

    symbols: tuple[str, ...]
    atoms: int | None
    ensemble: str


def split_set(name: str) -> SetName:
    """Return (symbols, number of atoms, ensemble) of a set's name, as `Ni/32/momt`.

    `WBe/mixed/dft` is a set of W and Be, of frames of several sizes. Raises ValueError for a name
    that is not made like this.
    """
    fields = SET.read(name)
    if fields is None:
        raise ValueError(
            f"'{name}' must read element/atoms/ensemble, as Ni/32/momt, or as WBe/mixed/dft for "
            "frames from a file that have several elements or sizes"
        )
    atoms = None if fields["atoms"] == MIXED else int(fields["atoms"])
    return SetName(split_symbols(fields["element"]), atoms, fields["ensemble"])


def split_sampled(name: str) -> tuple[str, int, str]:
    """Return (symbol, number of atoms, ensemble) of the name of a set that is sampled.

    Raises ValueError as `split_set`, and for several elements or sizes, which only files have.
    """
    symbols, atoms, ensemble = split_set(name)
    if len(symbols) > 1:
        raise ValueError(
            f"'{name}': no sampling of alloys yet; use one element to a set, or frames from a file "
            "(method: file)"
        )
    if atoms is None:
        raise ValueError(
            f"'{name}': sampled frames have one size; name their number of atoms instead of {MIXED}"
        )
    return symbols[0], atoms, ensemble


def split_symbols(system: str) -> tuple[str, ...]:
    """Return the symbols of an element, or of several as one word; ValueError for other words."""
    symbols = tuple(re.findall(SYMBOL, system))
    if "".join(symbols) != system or not symbols:
        raise ValueError(f"'{system}' is no element, nor several symbols as one word, as WBe")
    if len(set(symbols)) < len(symbols):
        raise ValueError(f"'{system}' names an element twice; name each once, as WBe")
    return symbols


def element_of(frames: str) -> str:
    """Return the element of a frame file, or several as one word; of a translation, the target."""
    fields = OF_TRANSLATION.read(frames)
    return fields["target"] if fields else frames.split("/")[1]


def is_relabelled(frames: str) -> bool:
    """Return whether a frame file is labelled by another calculator than the EAM."""
    relabelled = (DISTILLED_RELABELLED, TRANSLATED_RELABELLED, EXPLORED_BY_TURN, EXPLORED)
    return any(template.read(frames) for template in relabelled)
