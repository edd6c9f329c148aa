"""Exact neighbourhoods of many points in many dimensions, and greedy cover by groups of points.

All pairs of 640,000 environments are 4e11 distances. Most need not be computed: points lie sorted
into the leaves of a tree, each with its bounding box, and boxes beyond the radius are left out.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from potstill.runtime.compiled import njit

Singles = NDArray[np.float32]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

LEAF = 48
# Coordinates summed before a distance is compared with the radius.
_PART = 8


class Cover:
    """Points (P, D) to be covered: one is covered once a query was within `radius` of it."""

    def __init__(self, points: Singles, radius: float) -> None:
        # the directions of largest spread first, so that most distances end after a few terms
        # (one point alone spreads nowhere)
        spread = np.cov(points.T, dtype=np.float64, bias=len(points) == 1)
        self.axes = np.linalg.eigh(spread.reshape(2 * points.shape[1:]))
        rotated = self._rotated(points)
        leaves = list(_leaves(rotated, np.arange(len(points))))
        self.points = rotated[np.concatenate(leaves)]
        self.start = np.cumsum([0, *(len(leaf) for leaf in leaves)])
        self.low = np.minimum.reduceat(self.points, self.start[:-1])
        self.high = np.maximum.reduceat(self.points, self.start[:-1])
        self.reset(radius)

    def reset(self, radius: float) -> None:
        """Uncover all points and go on with another radius."""
        self.radius = radius
        self.covered = np.zeros(len(self.points), dtype=np.bool_)
        self.open = np.diff(self.start)

    def left(self) -> int:
        """Return how many points are not covered."""
        return int(self.open.sum())

    def gain(self, queries: Singles) -> int:
        """Return how many more points the queries (Q, D) would cover together."""
        return self._visit(self._rotated(queries), cover=False)

    def cover(self, queries: Singles) -> int:
        """Cover the points within the radius of the queries (Q, D); return how many more it are."""
        return self._visit(self._rotated(queries), cover=True)

    def _rotated(self, points: Singles) -> Singles:
        """Return points along the principal axes, padded with zeros to whole parts."""
        vectors = self.axes.eigenvectors[:, ::-1].astype(np.float32)
        padding = -vectors.shape[1] % _PART
        return np.ascontiguousarray(np.pad(points @ vectors, ((0, 0), (0, padding))))

    def _visit(self, queries: Singles, *, cover: bool) -> int:
        tree = (self.points, self.start, self.low, self.high, self.covered, self.open)
        return int(_visit(queries, np.float32(self.radius**2), *tree, cover))


# Points by kind, each (P, D).
ByKind = Mapping[int, Singles]


class CoverByKind:
    """Points of several kinds to be covered, by queries of their own kind alone; as `Cover`."""

    def __init__(self, points: ByKind, radius: float) -> None:
        self.radius = radius
        self.kinds = {kind: Cover(values, radius) for kind, values in points.items()}

    def reset(self, radius: float) -> None:
        """Uncover all points and go on with another radius."""
        self.radius = radius
        for cover in self.kinds.values():
            cover.reset(radius)

    def left(self) -> int:
        """Return how many points are not covered."""
        return sum(cover.left() for cover in self.kinds.values())

    def gain(self, queries: ByKind) -> int:
        """Return how many more points the queries would cover together."""
        return sum(self.kinds[k].gain(q) for k, q in queries.items() if k in self.kinds)

    def cover(self, queries: ByKind) -> int:
        """Cover the points within the radius of the queries; return how many more it are."""
        return sum(self.kinds[k].cover(q) for k, q in queries.items() if k in self.kinds)


def _leaves(points: Singles, chosen: Indices) -> Iterator[Indices]:
    """Yield the chosen points in leaves, by halving at the median of the widest coordinate."""
    if len(chosen) <= LEAF:
        yield chosen
        return
    here = points[chosen]
    widest = np.argmax(here.max(axis=0) - here.min(axis=0))
    half = len(chosen) // 2
    order = np.argpartition(here[:, widest], half)
    yield from _leaves(points, chosen[order[:half]])
    yield from _leaves(points, chosen[order[half:]])


@njit(cache=True, nogil=True, fastmath=True)
def _visit(
    queries: Singles,
    square: np.float32,
    points: Singles,
    start: Indices,
    low: Singles,
    high: Singles,
    covered: Mask,
    open_points: Indices,
    cover: bool,
) -> int:
    """Count, and cover, the open points within the square root of `square` of any query."""
    dimensions = points.shape[1]
    near = np.empty(len(queries), dtype=np.int64)
    total = 0
    for leaf in range(len(open_points)):
        if open_points[leaf] == 0:
            continue
        found = 0
        for q in range(len(queries)):
            distance = np.float32(0)
            for first in range(0, dimensions, _PART):
                for d in range(first, first + _PART):
                    x = queries[q, d]
                    beyond = max(low[leaf, d] - x, x - high[leaf, d], np.float32(0))
                    distance += beyond * beyond
                if distance > square:
                    break
            if distance <= square:
                near[found] = q
                found += 1
        if found == 0:
            continue
        for p in range(start[leaf], start[leaf + 1]):
            if covered[p]:
                continue
            for k in range(found):
                distance = np.float32(0)
                for first in range(0, dimensions, _PART):
                    for d in range(first, first + _PART):
                        difference = queries[near[k], d] - points[p, d]
                        distance += difference * difference
                    if distance > square:
                        break
                if distance <= square:
                    total += 1
                    if cover:
                        covered[p] = True
                        open_points[leaf] -= 1
                    break
    return total


Queries = TypeVar("Queries", contravariant=True)


class Coverable(Protocol[Queries]):
    """Points that are covered by queries, as in `Cover` and `CoverByKind`."""

    def left(self) -> int:
        """Return how many points are not covered."""
        ...

    def gain(self, queries: Queries) -> int:
        """Return how many more points the queries would cover together."""
        ...

    def cover(self, queries: Queries) -> int:
        """Cover the points near the queries; return how many more it are."""
        ...


def greedy_cover(cover: Coverable[Queries], groups: Sequence[Queries]) -> Iterator[tuple[int, int]]:
    """Yield (group, points newly covered), each time the group that covers the most, until none is.

    groups: queries that come together. A group's gain can only shrink as others are picked, so old
    gains are upper bounds and few groups are looked at again (Minoux, 1978).
    """
    bounds = [(-cover.gain(group), g) for g, group in enumerate(groups)]
    heapq.heapify(bounds)
    while bounds and cover.left():
        g = heapq.heappop(bounds)[1]
        gain = cover.gain(groups[g])
        if bounds and (-gain, g) > bounds[0]:
            heapq.heappush(bounds, (-gain, g))
        elif gain:
            yield g, cover.cover(groups[g])
