"""What both engines ask of walkers before they move them."""

import math

import numpy as np

from potstill.data.geometry import SAME_SPOT_A, check_geometry, on_one_spot
from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.potentials.neighbours import Floats
from potstill.runtime.compiled import njit


def check_walkers(x: Floats, v: Floats, length: Floats, aspect: float) -> None:
    """Raise PotstillError, naming walker and atom, for what cannot be moved.

    That is a position, velocity or cell that is not finite, a cell without volume, no atoms, and
    two atoms on one spot, which no force parts. x, v, length: see `engine.Walkers`; aspect: edge of
    the cells along z over the others.
    """
    edges = np.array([1.0, 1.0, aspect])
    cells = length[:, None, None] * np.diag(edges)
    # of whatever element: it is not asked for
    check_geometry(Structures.uniform("H", x[..., :3], cells), what="walker")
    finite = np.isfinite(v[..., :3]).all(axis=-1)
    if not finite.all():
        walker, atom = np.argwhere(~finite)[0]
        raise PotstillError(
            f"walker {walker}: the velocity of atom {atom} is not finite; correct the walker"
        )
    for walker in range(len(x)):
        one, other = _same_spot(x[walker], length[walker] * edges)
        if other:
            raise on_one_spot(f"walker {walker}", one, other)


@njit(cache=True, nogil=True)
def _same_spot(x: Floats, edges: Floats) -> tuple[int, int]:
    """Return the first two atoms of x (N, >=3) on one spot of a right-angled cell, or (0, 0)."""
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            square = 0.0
            for d in range(3):
                apart = x[j, d] - x[i, d]
                apart -= math.floor(apart / edges[d] + 0.5) * edges[d]
                square += apart * apart
                if square >= SAME_SPOT_A**2:
                    break
            else:
                return i, j
    return 0, 0
