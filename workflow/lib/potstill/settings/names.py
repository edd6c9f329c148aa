"""The names of sets, frame files and models: what they are made of is said here, and only here.

A template such as `sampling/{element}/{atoms}/{ensemble}` makes a name of its fields, and reads the
fields of a name. The rules have the same fields as wildcards.
"""

import re
from functools import cached_property

_SYMBOL = "[A-Z][a-z]?"

# What a field may be. A field with a number, as `element2`, is another of the same kind.
FIELDS = {
    "element": _SYMBOL,
    "source": _SYMBOL,
    "target": _SYMBOL,
    "atoms": "[1-9][0-9]*",
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

# Models that a run has without being told.
ITERATION_MODEL = Template("{element}-iteration-{iteration}")
DISTILLED_MODEL = Template("{element}-distilled")


def split_set(name: str) -> tuple[str, int, str]:
    """Return (element symbol, number of atoms, ensemble) of a set's name, as `Ni/32/momt`."""
    fields = SET.read(name)
    if fields is None:
        raise ValueError(f"'{name}' must read element/atoms/ensemble, as Ni/32/momt")
    return fields["element"], int(fields["atoms"]), fields["ensemble"]


def element_of(frames: str) -> str:
    """Return the element of a frame file: of a translation, the target."""
    fields = OF_TRANSLATION.read(frames)
    return fields["target"] if fields else frames.split("/")[1]


def is_relabelled(frames: str) -> bool:
    """Return whether a frame file is labelled by another calculator than the EAM."""
    return any(t.read(frames) for t in (DISTILLED_RELABELLED, TRANSLATED_RELABELLED))
