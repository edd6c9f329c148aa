"""How near the frames of some sets are to each other, as selection strategies see them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations
from typing import Any, NamedTuple

import numpy as np

from potstill.audit.repeats import contents
from potstill.data.structures import Floats, Indices, Structures, joined
from potstill.distillation.candidates import Candidates
from potstill.distillation.reduction import nearest, nearest_rows
from potstill.runtime.shortened import frames_named
from potstill.settings import Descriptor

# Frames of a set that are compared, spread over it.
COMPARED = 10_000
# Distance below which two frames hardly differ, where the features of atoms vary by 1.
ALIKE = 0.05
# A frame is outside of a set if the nearest frame there is so many times nearer to its own set.
FARTHER = 2.0


class _Set(NamedTuple):
    """What is compared of a set: rows (K,), their points (K, D), distances to the nearest other."""

    rows: Indices
    points: Floats
    own: Floats


def nearness(sets: Sequence[Structures]) -> dict[str, Any]:
    """Return how near the frames of each set are to each other, and to those of the other sets.

    Frames are points (`moments.points`), scaled over all sets together. Those that are there twice
    are taken once, and of many `COMPARED`. `sets` has for each `compared`, how many these are, and
    `alike`, the frames that hardly differ from another. `pairs` has for each set and each other one
    (`of`, `to`: their numbers) `shared`, how many frames are in both, to the bit, and `outside`,
    the share of the frames that are `FARTHER` times as far from the nearest frame there as that one
    is from the nearest other there; None where there is no other.
    """
    whole = joined(sets)
    descriptor = Descriptor().of_elements(whole.elements)
    points = Candidates(whole, whole.structures(slice(0)), descriptor).features[0]
    edges = np.cumsum([0, *map(len, sets)])
    # a frame that is there twice is the last of both
    held = [dict(zip(contents(part), range(len(part)), strict=True)) for part in sets]
    compared = [
        _compared(points[first:stop], content)
        for (first, stop), content in zip(pairwise(edges), held, strict=True)
    ]
    return {
        "sets": [
            {"compared": len(one.rows), "alike": one.rows[one.own < ALIKE].tolist()}
            for one in compared
        ],
        "pairs": [
            {
                "of": a,
                "to": b,
                "shared": len(held[a].keys() & held[b].keys()),
                "outside": _outside(compared[a], compared[b]),
            }
            for a, b in permutations(range(len(sets)), 2)
        ],
    }


def _compared(points: Floats, content: dict[bytes, int]) -> _Set:
    """Return what is compared of a set whose contents are at these rows."""
    rows = np.sort(np.fromiter(content.values(), dtype=np.int64))
    places = np.linspace(0, len(rows) - 1, min(len(rows), COMPARED)).astype(int)
    some = points[rows[places]]
    return _Set(rows[places], some, nearest(some, some, same=True))


def _outside(one: _Set, other: _Set) -> float | None:
    """Return the share of one set's frames that are outside of the other set."""
    if len(other.rows) < 2:
        return None
    away, which = nearest_rows(one.points, other.points)
    # frames that hardly differ are no measure of what does
    usual = np.maximum(other.own[which], ALIKE)
    return float((away > FARTHER * usual).mean())


def nearness_lines(names: Sequence[str], found: dict[str, Any]) -> Iterator[str]:
    """Yield what a person reads of `nearness`."""
    for name, one in zip(names, found["sets"], strict=True):
        if rows := one["alike"]:
            yield (
                f"{name}: {len(rows)} of {one['compared']} frames hardly differ from another: "
                f"{frames_named(rows)}"
            )
    for pair in found["pairs"]:
        of, to = names[pair["of"]], names[pair["to"]]
        if pair["outside"] is not None:
            yield f"{of}: {100 * pair['outside']:.0f}% of the frames are outside of {to}"
        if pair["shared"] and pair["of"] < pair["to"]:
            yield f"{of} and {to} share {pair['shared']} frames: a test on these tests nothing"
