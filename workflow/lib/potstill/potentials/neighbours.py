"""Half neighbour lists for any periodic cell against any cut-off.

A pair is (i, j, image): the vector from atom i to the image of atom j is x_j + shift[image] - x_i.
Cells smaller than the cut-off hold several images of a pair, and atoms see their own images, so
the minimum-image convention is not enough.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.runtime.compiled import njit

Floats = NDArray[np.float64]
Indices = NDArray[np.uint32]


class HalfList(NamedTuple):
    """Every pair once: those of atom i are start[i] to start[i + 1] of `partner` and `image`.

    start: (N + 1,); partner, image: as long as there is room for pairs.
    """

    start: Indices
    partner: Indices
    image: Indices


@njit(cache=True, nogil=True)
def _heights(inverse: Floats) -> Floats:
    """Return the heights of the cell along its three axes, A."""
    return 1.0 / np.sqrt((inverse * inverse).sum(axis=0))


@njit(cache=True, nogil=True)
def image_reach(inverse: Floats, reach: float) -> tuple[int, int, int]:
    """Return how many images a side, along each cell vector, lie within `reach` (A).

    inverse: (3, 3) inverse of the cell matrix (rows are the cell vectors). One is added because
    wrapped atoms differ by up to one cell vector.
    """
    a, b, c = np.floor(reach / _heights(inverse) + 0.5).astype(np.int64)
    return a + 1, b + 1, c + 1


@njit(cache=True, nogil=True)
def image_shifts(cell: Floats, reach: tuple[int, int, int], shifts: Floats) -> None:
    """Write the Cartesian shift (A) of every image in [-reach, reach]^3 into `shifts` (I, 4)."""
    index = 0
    for a in range(-reach[0], reach[0] + 1):
        for b in range(-reach[1], reach[1] + 1):
            for c in range(-reach[2], reach[2] + 1):
                for d in range(3):
                    shifts[index, d] = a * cell[0, d] + b * cell[1, d] + c * cell[2, d]
                index += 1


@njit(cache=True, nogil=True)
def wrap(x: Floats, cell: Floats, inverse: Floats, atoms: int) -> None:
    """Move every atom into the cell, in place. x: (N, >=3) A."""
    fraction = np.empty(3)
    for i in range(atoms):
        for d in range(3):
            fraction[d] = math.floor(
                x[i, 0] * inverse[0, d] + x[i, 1] * inverse[1, d] + x[i, 2] * inverse[2, d]
            )
        for d in range(3):
            x[i, d] -= (
                fraction[0] * cell[0, d] + fraction[1] * cell[1, d] + fraction[2] * cell[2, d]
            )


@njit(cache=True, nogil=True)
def half_list(
    x: Floats,
    cell: Floats,
    inverse: Floats,
    cutoff: float,
    reach: tuple[int, int, int],
    pairs: HalfList,
) -> int:
    """Fill the half list of all pairs closer than `cutoff` (A); return their number.

    Returns -1 if it is too short for them. x: (N, >=3) wrapped positions, A. A pair has j > i, or
    j = i with half of the images.
    """
    atoms = x.shape[0]
    start, partner, image = pairs
    limit = cutoff * cutoff
    capacity = partner.shape[0]
    # an image further along an axis than the cut-off is too far away, whatever the other axes say
    far_a, far_b, far_c = cutoff / _heights(inverse)
    stride_b = 2 * reach[2] + 1
    stride_a = stride_b * (2 * reach[1] + 1)
    count = 0
    for i in range(atoms):
        start[i] = count
        for j in range(i, atoms):
            d0, d1, d2 = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1], x[j, 2] - x[i, 2]
            # start from the nearest image in scaled coordinates, then look one reach around it
            fa = d0 * inverse[0, 0] + d1 * inverse[1, 0] + d2 * inverse[2, 0]
            fb = d0 * inverse[0, 1] + d1 * inverse[1, 1] + d2 * inverse[2, 1]
            fc = d0 * inverse[0, 2] + d1 * inverse[1, 2] + d2 * inverse[2, 2]
            base_a, base_b, base_c = -round(fa), -round(fb), -round(fc)
            for a in range(base_a - reach[0] + 1, base_a + reach[0]):
                if abs(fa + a) > far_a:
                    continue
                ax = d0 + a * cell[0, 0]
                ay = d1 + a * cell[0, 1]
                az = d2 + a * cell[0, 2]
                for b in range(base_b - reach[1] + 1, base_b + reach[1]):
                    if abs(fb + b) > far_b:
                        continue
                    bx = ax + b * cell[1, 0]
                    by = ay + b * cell[1, 1]
                    bz = az + b * cell[1, 2]
                    for c in range(base_c - reach[2] + 1, base_c + reach[2]):
                        if abs(fc + c) > far_c or (i == j and (a, b, c) <= (0, 0, 0)):
                            continue
                        px = bx + c * cell[2, 0]
                        py = by + c * cell[2, 1]
                        pz = bz + c * cell[2, 2]
                        if px * px + py * py + pz * pz < limit:
                            if count == capacity:
                                return -1
                            partner[count] = j
                            image[count] = (
                                (a + reach[0]) * stride_a + (b + reach[1]) * stride_b + c + reach[2]
                            )
                            count += 1
    start[atoms] = count
    return count
