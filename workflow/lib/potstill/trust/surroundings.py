"""How far atoms' surroundings are from those that a model was trained on.

An atom is the point of its symmetry functions, standardised as the networks take them. Of the atoms
trained on a few stand for all, each as far as can be from those before it (Gonzalez, Theor. Comput.
Sci. 38, 293 (1985)), so that they cover the rare as well as the usual.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potstill.data.structures import Floats, Indices, frame_means

Singles = NDArray[np.float32]

# Points of each element: 500 tell frames that are outside as well as 7,000 do, and take 40 KB.
STANDING = 500
# Atoms at a time: their distances from all points stay in the cache.
_CHUNK = 1024


@dataclass(frozen=True)
class Surroundings:
    """Points that stand for the atoms trained on.

    points: by element, (K, D), float16, which tells distances to a thousandth; none of an element
    that no frame had. frames: by element, (K,), the numbers of the frames that they are from.
    """

    points: tuple[NDArray[np.float16], ...]
    frames: tuple[Indices, ...]

    @classmethod
    def of(cls, x: Floats, numbers: Indices, frames: Indices, elements: int) -> "Surroundings":
        """Choose `STANDING` points at most for each of so many elements.

        x (A, D): standardised features; numbers (A,): of which element each atom is; frames (A,):
        the frame that it is from.
        """
        rows = [np.flatnonzero(numbers == element) for element in range(elements)]
        chosen = [here[_spread(x[here].astype(np.float32), STANDING)] for here in rows]
        return cls(
            tuple(x[here].astype(np.float16) for here in chosen),
            tuple(frames[here] for here in chosen),
        )

    def distances(self, x: Floats, numbers: Indices, frames: Indices | None = None) -> Floats:
        """Return how far each atom (A,) is from the nearest point of its element.

        x, numbers: as of `of`; infinite where there is no point. frames (A,): points of the atom's
        own frame are not looked at, so that atoms trained on are told as others would be.
        """
        found = np.full(len(x), np.inf)
        for element, points in enumerate(self.points):
            here = np.flatnonzero(numbers == element)
            own = None if frames is None else (frames[here], self.frames[element])
            if len(points):
                found[here] = _nearest(x[here].astype(np.float32), points.astype(np.float32), own)
        return found


def _spread(x: Singles, count: int) -> Indices:
    """Return rows of at most `count` points (P, D): the one nearest to the mean, then the farthest
    from all before.
    """
    if len(x) <= count:
        return np.arange(len(x))
    square = (x * x).sum(axis=1)
    rows = np.empty(count, dtype=np.int64)
    rows[0] = np.argmin(square - 2 * x @ x.mean(axis=0))
    nearest = np.full(len(x), np.inf, dtype=np.float32)
    for k in range(count):
        row = rows[k] if k == 0 else int(nearest.argmax())
        rows[k] = row
        np.minimum(nearest, square - 2 * (x @ x[row]) + square[row], out=nearest)
        nearest[row] = -np.inf  # equal atoms must not bring one back
    return rows


def _nearest(x: Singles, points: Singles, own: tuple[Indices, Indices] | None) -> Floats:
    """Return the distances to the nearest point; own: frames of x and points, see `distances`."""
    found = np.empty(len(x))
    lengths = (points * points).sum(axis=1)
    for first in range(0, len(x), _CHUNK):
        part = slice(first, first + _CHUNK)
        square = (x[part] * x[part]).sum(axis=1)[:, None] + lengths - 2 * x[part] @ points.T
        if own is not None:
            square[own[0][part, None] == own[1]] = np.inf
        found[part] = np.sqrt(np.maximum(square.min(axis=1), 0))
    return found


def frame_distances(distance: Floats, sizes: Indices) -> Floats:
    """Return the root mean squares (F,) of the distances of each frame's atoms (A,)."""
    return np.asarray(np.sqrt(frame_means(distance**2, sizes)))
