"""Compiled sums over the pairs of frames: forces from dE/dD, the transpose, and the strain.

Arguments are the arrays of `Pairs`; each frame is one thread's, so results do not depend on their
number. The angular part is one matrix product for a centre and its neighbours of one element.

One element alone has its own loops here, without blocks to look up: a sixth of the time.
"""

import numpy as np
from numpy.typing import NDArray

from potstill.descriptors.angular import pair_block
from potstill.descriptors.radial import FAST, Array, Floats, Indices, Numbers
from potstill.runtime.compiled import njit, parallel, prange

Starts = NDArray[np.int64]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _gather(row: Array, s: int, elements: int, angular: int, blocks: Array) -> None:
    """Write the angular blocks (S K,) of neighbours of element s and each other of a row (D,)."""
    width = np.uint64(len(blocks) // elements)
    for t in range(elements):
        to = np.uint64(t) * width
        block = np.uint64(angular) + np.uint64(pair_block(s, t, elements)) * width
        for k in range(width):
            blocks[to + k] = row[block + k]


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _scatter(blocks: Array, s: int, elements: int, angular: int, row: Array) -> None:
    """Add what `_gather` would write to the row."""
    width = np.uint64(len(blocks) // elements)
    for t in range(elements):
        to = np.uint64(t) * width
        block = np.uint64(angular) + np.uint64(pair_block(s, t, elements)) * width
        for k in range(width):
            row[block + k] += blocks[to + k]


@parallel(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def add_forces(
    g: Array,
    frames: Starts,
    place: Starts,
    start: Starts,
    numbers: Numbers,
    elements: int,
    radial_start: Starts,
    radial_index: Indices,
    radial_unit: Array,
    radial_slope: Array,
    angular_run: Starts,
    angular_index: Indices,
    angular_slope: Array,
    forces: Array,
) -> None:
    """Add to forces (M, A, 3) those of g (M, A, D); the atoms of frames[b] begin at place[b]."""
    members = g.shape[0]
    # unsigned: indices that may be negative would keep the loops from being vectorised
    radial = np.uint64(radial_slope.shape[1])
    angular = elements * radial_slope.shape[1]
    for b in prange(len(frames)):
        frame = frames[b]
        low, high = place[b], place[b + 1]
        kinds = numbers[start[frame] : start[frame + 1]]
        for m in range(members):
            gm = g[m, low:high]
            fm = forces[m, low:high]
            for p in range(radial_start[frame], radial_start[frame + 1]):
                i, j = radial_index[p, 0], radial_index[p, 1]
                of_i, of_j = np.uint64(kinds[j]) * radial, np.uint64(kinds[i]) * radial
                tension = g.dtype.type(0)
                if elements == 1:
                    for k in range(radial):
                        tension += (gm[i, k] + gm[j, k]) * radial_slope[p, k]
                else:
                    for k in range(radial):
                        tension += (gm[i, of_i + k] + gm[j, of_j + k]) * radial_slope[p, k]
                for d in range(3):
                    f = tension * radial_unit[p, d]
                    fm[i, d] += f
                    fm[j, d] -= f
        own = np.empty((members, angular_slope.shape[2]), dtype=g.dtype)
        for run in range(start[frame] * elements, start[frame + 1] * elements):
            first, end = angular_run[run], angular_run[run + 1]
            if first == end:
                continue
            i, s = angular_index[first, 0], run % elements
            for m in range(members):
                if elements == 1:
                    for k in range(own.shape[1]):
                        own[m, k] = g[m, low + i, angular + k]
                else:
                    _gather(g[m, low + i], s, elements, angular, own[m])
            slope = angular_slope[first:end].reshape(3 * (end - first), own.shape[1])
            by_pair = np.dot(own, slope.T)
            for m in range(members):
                fm = forces[m, low:high]
                for q in range(end - first):
                    j = angular_index[first + q, 1]
                    for d in range(3):
                        fm[i, d] += by_pair[m, 3 * q + d]
                        fm[j, d] -= by_pair[m, 3 * q + d]


@parallel(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def add_transpose(
    by_force: Array,
    frames: Starts,
    place: Starts,
    start: Starts,
    numbers: Numbers,
    elements: int,
    radial_start: Starts,
    radial_index: Indices,
    radial_unit: Array,
    radial_slope: Array,
    angular_run: Starts,
    angular_index: Indices,
    angular_slope: Array,
    by_g: Array,
) -> None:
    """Add the transpose of `add_forces` of by_force (M, A, 3) to by_g (M, A, D)."""
    members = by_g.shape[0]
    radial = np.uint64(radial_slope.shape[1])
    angular = elements * radial_slope.shape[1]
    width = angular_slope.shape[2]
    for b in prange(len(frames)):
        frame = frames[b]
        low, high = place[b], place[b + 1]
        kinds = numbers[start[frame] : start[frame + 1]]
        for m in range(members):
            gm = by_g[m, low:high]
            fm = by_force[m, low:high]
            for p in range(radial_start[frame], radial_start[frame + 1]):
                i, j = radial_index[p, 0], radial_index[p, 1]
                of_i, of_j = np.uint64(kinds[j]) * radial, np.uint64(kinds[i]) * radial
                tension = (
                    (fm[i, 0] - fm[j, 0]) * radial_unit[p, 0]
                    + (fm[i, 1] - fm[j, 1]) * radial_unit[p, 1]
                    + (fm[i, 2] - fm[j, 2]) * radial_unit[p, 2]
                )
                if elements == 1:
                    for k in range(radial):
                        gm[i, k] += tension * radial_slope[p, k]
                    for k in range(radial):
                        gm[j, k] += tension * radial_slope[p, k]
                else:
                    for k in range(radial):
                        gm[i, of_i + k] += tension * radial_slope[p, k]
                    for k in range(radial):
                        gm[j, of_j + k] += tension * radial_slope[p, k]
        for run in range(start[frame] * elements, start[frame + 1] * elements):
            first, end = angular_run[run], angular_run[run + 1]
            if first == end:
                continue
            i, s = angular_index[first, 0], run % elements
            by_pair = np.empty((members, 3 * (end - first)), dtype=by_g.dtype)
            for m in range(members):
                fm = by_force[m, low:high]
                for q in range(end - first):
                    j = angular_index[first + q, 1]
                    for d in range(3):
                        by_pair[m, 3 * q + d] = fm[i, d] - fm[j, d]
            slope = angular_slope[first:end].reshape(3 * (end - first), width)
            own = np.dot(by_pair, slope)
            for m in range(members):
                _scatter(own[m], s, elements, angular, by_g[m, low + i])


@parallel(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def add_forces_and_strain(
    g: Floats,
    start: Starts,
    numbers: Numbers,
    elements: int,
    radial_start: Starts,
    radial_index: Indices,
    radial_unit: Floats,
    radial_length: Floats,
    radial_slope: Floats,
    angular_run: Starts,
    angular_index: Indices,
    angular_vector: Floats,
    angular_slope: Floats,
    forces: Floats,
    strain: Floats,
) -> None:
    """Add to forces (A, 3) and to strain derivatives (F, 3, 3) those of g (A, D)."""
    radial = np.uint64(radial_slope.shape[1])
    angular = elements * radial_slope.shape[1]
    width = angular_slope.shape[2]
    for frame in prange(len(strain)):
        here = slice(start[frame], start[frame + 1])
        gf, ff, kinds = g[here], forces[here], numbers[here]
        for p in range(radial_start[frame], radial_start[frame + 1]):
            i, j = radial_index[p, 0], radial_index[p, 1]
            of_i, of_j = np.uint64(kinds[j]) * radial, np.uint64(kinds[i]) * radial
            tension = 0.0
            for k in range(radial):
                tension += (gf[i, of_i + k] + gf[j, of_j + k]) * radial_slope[p, k]
            for d in range(3):
                f = tension * radial_unit[p, d]
                ff[i, d] += f
                ff[j, d] -= f
                for e in range(3):
                    strain[frame, e, d] += radial_length[p] * radial_unit[p, e] * f
        own = np.empty(width)
        for run in range(start[frame] * elements, start[frame + 1] * elements):
            for q in range(angular_run[run], angular_run[run + 1]):
                i, j = angular_index[q, 0], angular_index[q, 1]
                if elements > 1 and q == angular_run[run]:
                    _gather(gf[i], run % elements, elements, angular, own)
                for d in range(3):
                    f = 0.0
                    if elements == 1:
                        for k in range(width):
                            f += gf[i, angular + k] * angular_slope[q, d, k]
                    else:
                        for k in range(width):
                            f += own[k] * angular_slope[q, d, k]
                    ff[i, d] += f
                    ff[j, d] -= f
                    for e in range(3):
                        strain[frame, e, d] += angular_vector[q, e] * f
