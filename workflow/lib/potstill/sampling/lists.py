"""Neighbour lists of a walker: a near one for the forces, filtered out of a wide, rarer one.

Making a list from positions costs more than evaluating the forces; filtering one costs less, so
that the near list can be short and often renewed.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.potentials.kernel import Tables, Work, make_work
from potstill.potentials.neighbours import Indices, half_list, image_reach, image_shifts, wrap
from potstill.runtime.compiled import njit

Floats = NDArray[np.float64]

# Room in a neighbour list: three times the pairs of a metal at its melting point.
PAIRS_PER_ATOM = 500
# Room for images: four cell edges a side, which a list of 9 A needs in a cell of 2.6 A.
MAX_IMAGES = 9**3


class List(NamedTuple):
    """A half neighbour list (see `neighbours`), the positions and edge at which it was made."""

    start: Indices
    partner: Indices
    image: Indices
    origin: Floats
    built: Floats


class Scratch(NamedTuple):
    """What one walker's energies need: two lists, image shifts, buffers.

    aspect: edge of the cell along z over the others; near and wide: see `update_lists`; shifts:
    (I, 4) of the images now, A; work, atomic: of the kernel; waves: of the order parameter;
    trial_*: of a volume move.
    """

    tables: Tables
    aspect: float
    near: List
    wide: List
    shifts: Floats
    work: Work
    atomic: Floats
    waves: Floats
    trial_x: Floats
    trial_force: Floats
    trial_shifts: Floats


@njit(cache=True, nogil=True)
def _make_list(atoms: int) -> List:
    capacity = PAIRS_PER_ATOM * atoms
    return List(
        np.zeros(atoms + 1, dtype=np.uint32),
        np.zeros(capacity, dtype=np.uint32),
        np.zeros(capacity, dtype=np.uint32),
        np.zeros((atoms, 4)),
        np.full(1, np.inf),  # an infinite edge covers nothing
    )


@njit(cache=True, nogil=True)
def make_scratch(atoms: int, vectors: int, tables: Tables, aspect: float) -> Scratch:
    """Return empty buffers for a walker of `atoms` atoms, with a wide list that covers nothing."""
    return Scratch(
        tables,
        aspect,
        _make_list(atoms),
        _make_list(atoms),
        np.zeros((MAX_IMAGES, 4)),
        make_work(atoms, PAIRS_PER_ATOM * atoms),
        np.zeros(atoms),
        np.zeros((atoms, 2 * vectors)),
        np.zeros((atoms, 4)),
        np.zeros((atoms, 4)),
        np.zeros((MAX_IMAGES, 4)),
    )


@njit(cache=True, nogil=True)
def _build_wide(x: Floats, length: float, cutoff: float, s: Scratch) -> bool:
    """Wrap the atoms and make the wide list; False if it has no room (the cell has collapsed)."""
    cell = np.zeros((3, 3))
    inverse = np.zeros((3, 3))
    for d in range(3):
        cell[d, d] = length * (s.aspect if d == 2 else 1.0)
        inverse[d, d] = 1.0 / cell[d, d]
    atoms = x.shape[0]
    reach = image_reach(inverse, cutoff)
    images = (2 * reach[0] + 1) * (2 * reach[1] + 1) * (2 * reach[2] + 1)
    if not math.isfinite(length) or images > MAX_IMAGES:
        return False
    wrap(x, cell, inverse, atoms)
    wide = s.wide
    pairs = half_list(x, atoms, cell, inverse, cutoff, reach, wide.start, wide.partner, wide.image)
    image_shifts(cell, reach, s.shifts)
    wide.origin[:] = x
    wide.built[0] = length
    return pairs >= 0


@njit(cache=True, nogil=True)
def _filter(x: Floats, length: float, cutoff: float, s: Scratch) -> None:
    """Make the near list of the wide list's pairs closer than `cutoff`."""
    limit = cutoff * cutoff
    near, wide = s.near, s.wide
    one, zero = np.uint32(1), np.uint32(0)
    count = zero
    for i in range(np.uint32(x.shape[0])):
        near.start[i] = count
        x0, x1, x2 = x[i, 0], x[i, 1], x[i, 2]
        for p in range(wide.start[i], wide.start[i + one]):
            j = wide.partner[p]
            k = wide.image[p]
            d0 = x[j, 0] + s.shifts[k, 0] - x0
            d1 = x[j, 1] + s.shifts[k, 1] - x1
            d2 = x[j, 2] + s.shifts[k, 2] - x2
            near.partner[count] = j
            near.image[count] = k
            count += one if d0 * d0 + d1 * d1 + d2 * d2 < limit else zero
    near.start[x.shape[0]] = count
    near.origin[:] = x
    near.built[0] = length


@njit(cache=True, nogil=True)
def covers(made: List, reach: float, x: Floats, length: float, cutoff: float) -> bool:
    """Return whether a list made with `reach` still holds every pair closer than `cutoff`.

    With q the ratio of cell edges, a pair that was beyond `reach` when the list was made is now
    beyond q reach - 2 max |x_i - q x_i(made)|.
    """
    q = length / made.built[0]
    limit = 0.5 * (q * reach - cutoff)
    if limit <= 0.0:
        return False
    limit = limit * limit
    for i in range(x.shape[0]):
        d0 = x[i, 0] - q * made.origin[i, 0]
        d1 = x[i, 1] - q * made.origin[i, 1]
        d2 = x[i, 2] - q * made.origin[i, 2]
        if not d0 * d0 + d1 * d1 + d2 * d2 < limit:  # so that NaN is not covered
            return False
    return True


@njit(cache=True, nogil=True)
def update_lists(x: Floats, length: float, near: float, wide: float, s: Scratch) -> bool:
    """Make the list of pairs closer than `near` (A), out of that of pairs closer than `wide`.

    The latter is made anew if need be, which wraps the atoms. False if the lists have no room for
    the pairs or images: the cell has collapsed.
    """
    if not covers(s.wide, wide, x, length, near) and not _build_wide(x, length, wide, s):
        return False
    _filter(x, length, near, s)
    return True
