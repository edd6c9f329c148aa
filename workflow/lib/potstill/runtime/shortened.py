"""Long lists in a line."""

from collections.abc import Iterable, Sequence

# a line holds so many names of a longer list
SHOWN = 3


def shortened(items: Sequence[str]) -> list[str]:
    """Return the first of a list that a line is to hold, and how many more there are."""
    if len(items) <= SHOWN + 1:  # a last one by its name is no longer
        return list(items)
    return [*items[:SHOWN], f"and {len(items) - SHOWN} more"]


def frames_named(numbers: Iterable[int]) -> str:
    """Return in words which frames: `frames 3, 7, 9 and 4 more (counted from 0)`."""
    listed = shortened([str(number) for number in numbers])
    last = listed[-1] if listed[-1].startswith("and ") else f"and {listed[-1]}"
    if len(listed) == 1:
        return f"frame {listed[0]} (counted from 0)"
    return f"frames {', '.join(listed[:-1])} {last} (counted from 0)"
