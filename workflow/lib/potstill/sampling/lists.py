"""Verlet lists of a walker: an inner one for the forces, filtered out of an outer, rarer one.

Making a list from positions costs more than evaluating the forces; filtering one costs less, so
that the inner list can be short and often renewed.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.potentials.eam_kernel import Tables, Work, make_work
from potstill.potentials.neighbours import Indices, image_reach, image_shifts, wrap
from potstill.runtime.compiled import njit
from potstill.runtime.lanes import load4, splat4, sum3

Floats = NDArray[np.float64]

# Room in a neighbour list: three times the pairs of a metal at its melting point.
PAIRS_PER_ATOM = 500
# Room for images: four cell edges a side, which a list of 9 A needs in a cell of 2.6 A.
MAX_IMAGES = 9**3


class List(NamedTuple):
    """A half neighbour list (see `HalfList`), the positions and edge at which it was made.

    Not with a `HalfList` inside: numba 0.68 lost what was stored last in tuples nested that deep.
    """

    start: Indices
    partner: Indices
    image: Indices
    origin: Floats
    built: Floats


class Scratch(NamedTuple):
    """What one walker's energies need: two lists, image shifts, buffers.

    aspect: edge of the cell along z over the others; inner and outer: see `update_lists`; shifts:
    (I, 4) of the images now, A; work, atomic: of the kernel; waves: of the order parameter;
    trial_*: of a volume move.
    """

    tables: Tables
    aspect: float
    inner: List
    outer: List
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
        np.empty(capacity, dtype=np.uint32),
        np.empty(capacity, dtype=np.uint32),
        np.zeros((atoms, 4)),
        np.full(1, np.inf),  # an infinite edge covers nothing
    )


@njit(cache=True, nogil=True)
def make_scratch(atoms: int, vectors: int, tables: Tables, aspect: float) -> Scratch:
    """Return empty buffers for a walker of `atoms` atoms; its outer list covers nothing."""
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
def _build_outer(x: Floats, length: float, cutoff: float, s: Scratch) -> bool:
    """Wrap the atoms and make the outer list; False if it has no room (the cell has collapsed)."""
    cell = np.zeros((3, 3))
    inverse = np.zeros((3, 3))
    for d in range(3):
        cell[d, d] = length * (s.aspect if d == 2 else 1.0)
        inverse[d, d] = 1.0 / cell[d, d]
    reach = image_reach(inverse, cutoff)
    images = (2 * reach[0] + 1) * (2 * reach[1] + 1) * (2 * reach[2] + 1)
    if not math.isfinite(length) or images > MAX_IMAGES:
        return False
    wrap(x, cell, inverse, x.shape[0])
    image_shifts(cell, reach, s.shifts)
    s.outer.origin[:] = x
    s.outer.built[0] = length
    return _fill_outer(x, cell, cutoff, reach, images, s)


@njit(cache=True, nogil=True)
def _fill_outer(
    x: Floats, cell: Floats, cutoff: float, reach: tuple[int, int, int], images: int, s: Scratch
) -> bool:
    """Fill the outer list of a right-angled cell; False if it has no room.

    The pairs of `neighbours.half_list`, which is for any cell and takes more than twice as long.
    Along an axis another atom has so many images within the cut-off at most: the nearest, the
    nearest on the other side, the next on the first side, and so on.
    """
    limit = cutoff * cutoff
    strides = ((2 * reach[1] + 1) * (2 * reach[2] + 1), 2 * reach[2] + 1, 1)
    none = images // 2  # the image that is not shifted
    lengths = (s.shifts[:images, :3] ** 2).sum(axis=1)
    own = np.array([k for k in range(none + 1, images) if lengths[k] < limit])
    ways = np.empty(3, dtype=np.uint32)
    for d in range(3):
        ways[d] = int(2.0 * cutoff / cell[d, d]) + 1
    atoms = np.uint32(x.shape[0])
    by_axis = np.empty((3, atoms))
    for d in range(3):
        by_axis[d] = x[:, d]
    squares = np.empty((3, ways.max(), atoms))
    shifts = np.empty((3, ways.max(), atoms), dtype=np.int32)
    start, partner, image = s.outer.start, s.outer.partner, s.outer.image
    room = len(partner) - int(atoms * ways.prod()) - len(own)
    one, zero = np.uint32(1), np.uint32(0)
    count = zero
    for i in range(atoms):
        if count > room:
            return False
        start[i] = count
        for k in own:
            partner[count] = i
            image[count] = k
            count += one
        for d in range(3):
            others = by_axis[d, i + one :]
            for way in range(ways[d]):
                _along(x[i, d], others, cell[d, d], way, squares[d, way], shifts[d, way])
                shifts[d, way] *= strides[d]
        for a in range(ways[0]):
            for b in range(ways[1]):
                for c in range(ways[2]):
                    for n in range(atoms - i - one):
                        square = squares[0, a, n] + squares[1, b, n] + squares[2, c, n]
                        shift = shifts[0, a, n] + shifts[1, b, n] + shifts[2, c, n]
                        partner[count] = i + one + n
                        image[count] = none + shift
                        count += one if square < limit else zero
    start[atoms] = count
    return True


@njit(cache=True, nogil=True)
def _along(
    x: float,
    others: Floats,
    edge: float,
    way: int,
    squares: Floats,
    shifts: NDArray[np.int32],
) -> None:
    """Write squared distances along an axis from x to one image of each other atom, and its shift.

    way: 0 for the nearest image, then as in `_fill_outer`; shifts: in edges.
    """
    inverse, step = 1.0 / edge, ((way + 1) // 2) * (1.0 if way % 2 else -1.0)
    for n in range(np.uint32(len(others))):
        apart = others[n] - x
        shift = -np.rint(apart * inverse)
        shift -= step * math.copysign(1.0, apart + shift * edge)
        apart += shift * edge
        squares[n] = apart * apart
        shifts[n] = np.int32(shift)


@njit(cache=True, nogil=True)
def _filter(x: Floats, length: float, cutoff: float, s: Scratch) -> None:
    """Make the inner list of the outer list's pairs closer than `cutoff`."""
    limit = cutoff * cutoff
    inner, outer = s.inner, s.outer
    one, zero = np.uint32(1), np.uint32(0)
    count = zero
    for i in range(np.uint32(x.shape[0])):
        inner.start[i] = count
        own_x = load4(x, i)
        for p in range(outer.start[i], outer.start[i + one]):
            j = outer.partner[p]
            k = outer.image[p]
            inner.partner[count] = j
            inner.image[count] = k
            d = load4(x, j) + load4(s.shifts, k) - own_x
            count += one if sum3(d * d) < limit else zero
    inner.start[x.shape[0]] = count
    inner.origin[:] = x
    inner.built[0] = length


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
    scale = splat4(q)
    for i in range(np.uint32(x.shape[0])):
        d = load4(x, i) - scale * load4(made.origin, i)
        if not sum3(d * d) < limit:  # so that NaN is not covered
            return False
    return True


@njit(cache=True, nogil=True)
def update_lists(x: Floats, length: float, inner: float, outer: float, s: Scratch) -> bool:
    """Make the list of pairs closer than `inner` (A), out of that of pairs closer than `outer`.

    The latter is made anew if need be, which wraps the atoms. False if the lists have no room for
    the pairs or images: the cell has collapsed.
    """
    if not covers(s.outer, outer, x, length, inner) and not _build_outer(x, length, outer, s):
        return False
    _filter(x, length, inner, s)
    return True
