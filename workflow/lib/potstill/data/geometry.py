"""Structures that can be evaluated: what networks and EAM ask of them, in one place."""

import numpy as np
from numpy.typing import NDArray

from potstill.data.structures import Floats, Structures, structure_of
from potstill.errors import PotstillError

# A periodic cell of less volume (A^3) is flat: even hydrogen's atoms take more than 1 A^3 each.
SMALLEST_VOLUME_A3 = 1e-6
# Atoms nearer than this are on one spot, A: nothing there tells which way they are to part. The
# force of a wall that is linear in r^2 goes to zero, and a direction is rounding of the positions.
SAME_SPOT_A = 1e-3


def check_geometry(given: Structures, *, what: str = "frame", first: int = 0) -> None:
    """Raise PotstillError, naming structure and atom, for what no potential can evaluate.

    Refused are structures without atoms, a position or a cell that is not finite, and periodic
    vectors that span no volume (no area, no length); what: the word for a structure; first: the
    number of the first one.
    """

    def name(bad: NDArray[np.bool_]) -> str:
        return f"{what} {first + int(np.argmax(bad))}"

    bad = given.sizes == 0
    if bad.any():
        raise PotstillError(f"{name(bad)}: it has no atoms; give at least one")
    atoms = np.flatnonzero(~np.isfinite(given.positions).all(axis=1))
    if len(atoms):
        frame = structure_of(given.start, atoms[0])
        raise PotstillError(
            f"{what} {first + frame}: the position of atom {atoms[0] - given.start[frame]} is not "
            f"finite; correct or remove the {what}"
        )
    bad = np.asarray(~np.isfinite(given.cell).all(axis=(1, 2)))
    if bad.any():
        raise PotstillError(f"{name(bad)}: its cell is not finite; correct or remove the {what}")
    volume = np.abs(np.linalg.det(completed(given.cell, given.pbc)))
    bad = np.asarray(volume < SMALLEST_VOLUME_A3)
    if bad.any():
        raise PotstillError(
            f"{name(bad)}: its cell has no volume; give three vectors (A) that span one, or set "
            "pbc to false along those that it has not"
        )


def completed(cell: Floats, pbc: NDArray[np.bool_]) -> Floats:
    """Return the cells (F, 3, 3) with vectors of 1 A, normal to the periodic ones, for the others.

    A cell that is periodic in all directions stays as it is.
    """
    result = cell.copy()
    for f in np.flatnonzero(~pbc.all(axis=1)):
        # the right singular vectors that belong to no periodic vector are normal to all of them
        normals = np.linalg.svd(np.where(pbc[f][:, None], cell[f], 0.0))[2]
        result[f, ~pbc[f]] = normals[np.count_nonzero(pbc[f]) :]
    return result


def enclosed(given: Structures, cutoff: float) -> Floats:
    """Return cells (F, 3, 3), A, in which the structures may be taken as periodic throughout.

    Along directions that are not periodic the images are farther away than `cutoff` (A): so all
    that looks no farther gives what it gives of the structure alone.
    """
    cells = completed(given.cell, given.pbc)
    for f in np.flatnonzero(~given.pbc.all(axis=1)):
        along = given.positions[given.of_atoms_in(int(f))] @ cells[f].T
        extent = np.ptp(along, axis=0) + cutoff + 1.0
        open_ends = ~given.pbc[f]
        cells[f, open_ends] *= extent[open_ends, None]
    return cells


def on_one_spot(place: str, one: int, other: int) -> PotstillError:
    """Return the error of two atoms of `place` ("frame 3") that are nearer than SAME_SPOT_A."""
    return PotstillError(
        f"{place}: atoms {one} and {other} are on one spot; move or remove one of them"
    )
