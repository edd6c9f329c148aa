"""Positions and cells that can be evaluated: what networks and EAM ask of them, in one place."""

import numpy as np
from numpy.typing import NDArray

from potstill.errors import PotstillError

Floats = NDArray[np.float64]

# A periodic cell of less volume (A^3) is flat: even hydrogen's atoms take more than 1 A^3 each.
SMALLEST_VOLUME_A3 = 1e-6
# Atoms nearer than this are on one spot, A: nothing there tells which way they are to part. The
# force of a wall that is linear in r^2 goes to zero, and a direction is rounding of the positions.
SAME_SPOT_A = 1e-3


def check_geometry(positions: Floats, cell: Floats, *, what: str = "frame") -> None:
    """Raise PotstillError, naming frame and atom, for what no potential can evaluate.

    positions (F, N, 3) and cell (F, 3, 3), A. Refused are frames without atoms, a position or a
    cell that is not finite, and a cell without volume; what: the word for a frame.
    """

    def name(bad: NDArray[np.bool_]) -> str:
        return f"{what} {int(np.argmax(bad))}"

    if not positions.shape[1]:
        raise PotstillError(f"{what}: it has no atoms; give at least one")
    finite = np.asarray(np.isfinite(positions).all(axis=2))
    bad = np.asarray(~finite.all(axis=1))
    if bad.any():
        atom = int(np.argmin(finite[np.argmax(bad)]))
        raise PotstillError(
            f"{name(bad)}: the position of atom {atom} is not finite; correct or remove the {what}"
        )
    bad = np.asarray(~np.isfinite(cell).all(axis=(1, 2)))
    if bad.any():
        raise PotstillError(f"{name(bad)}: its cell is not finite; correct or remove the {what}")
    bad = np.asarray(np.abs(np.linalg.det(cell)) < SMALLEST_VOLUME_A3)
    if bad.any():
        raise PotstillError(
            f"{name(bad)}: its cell has no volume; give three vectors (A) that span one"
        )


def on_one_spot(place: str, one: int, other: int) -> PotstillError:
    """Return the error of two atoms of `place` ("frame 3") that are nearer than SAME_SPOT_A."""
    return PotstillError(
        f"{place}: atoms {one} and {other} are on one spot; move or remove one of them"
    )
