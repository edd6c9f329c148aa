"""Long lists in a line."""

from collections.abc import Sequence

# a line holds so many names of a longer list
SHOWN = 3


def shortened(items: Sequence[str]) -> list[str]:
    """Return the first of a list that a line is to hold, and how many more there are."""
    if len(items) <= SHOWN + 1:  # a last one by its name is no longer
        return list(items)
    return [*items[:SHOWN], f"and {len(items) - SHOWN} more"]
