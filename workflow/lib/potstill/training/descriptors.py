"""ANI symmetry functions of periodic frames of one element, and their derivatives by pair.

For atom i with neighbours at r_ij = x_j - x_i (images included, A), in torchani's convention
(Smith, Isayev and Roitberg, Chem. Sci. 8, 3192 (2017), with NeuroChem's factors 1/4 and 0.95):

    R_k  = sum_j 1/4 exp(-eta_R (r_ij - s_k)^2) fc(r_ij)
    A_kl = sum_{j<m} 2 exp(-eta_A ((r_ij + r_im)/2 - s_k)^2) ((1 + cos(t - t_l))/2)^zeta
           fc(r_ij) fc(r_im),   t = acos(0.95 cos(angle j i m))

The features of an atom are R_k and then A_kl, k outer. Radial and angular shifts are evenly spaced
from their start to the cut-off (or `radial_end_A`), itself left out; angle shifts are the middles
of equal parts of [0, pi].

Derivatives are kept by pair. With g_i = dE/dD_i, f_ij = dE/dr_ij gives the forces F_i += f_ij,
F_j -= f_ij and the strain derivative r_ij (x) f_ij. Radial features need one number w_k = dR_k/dr a
pair, the same seen from both ends: f_ij = u_ij (g_i + g_j).w over a half list. Angular ones need a
(3, features) block for each ordered pair inside the angular cut-off. Derivatives smaller than
`symmetry.SMALLEST` are zero.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import set_num_threads
from numba.core.config import NUMBA_NUM_THREADS
from numpy.typing import DTypeLike, NDArray

from potstill.errors import PotstillError
from potstill.sections import Descriptor
from potstill.training.kernel import count_pairs, describe_frames
from potstill.training.symmetry import Array, Floats, Functions, Indices


def shifts(start: float, cutoff: float, count: int) -> Floats:
    """Return `count` evenly spaced shifts (A) from `start` to `cutoff`, which is left out."""
    return start + (cutoff - start) / count * np.arange(count, dtype=np.float64)


def radial_shifts(settings: Descriptor) -> Floats:
    """Return the radial shifts, A."""
    end = settings.radial_end_A or settings.radial_cutoff_A
    return shifts(settings.radial_start_A, end, settings.radial_shifts)


def angle_sections(count: int) -> Floats:
    """Return the middles (rad) of `count` equal parts of [0, pi]."""
    return (np.arange(count) + 0.5) * math.pi / count


def functions(settings: Descriptor) -> Functions:
    """Return the symmetry functions that the settings describe."""
    sections = angle_sections(settings.angle_sections)
    return Functions(
        settings.radial_cutoff_A,
        radial_shifts(settings),
        settings.radial_eta,
        settings.angular_cutoff_A,
        shifts(settings.angular_start_A, settings.angular_cutoff_A, settings.angular_shifts),
        settings.angular_eta,
        settings.zeta,
        np.cos(sections),
        np.sin(sections),
        settings.cutoff_function == "smooth",
    )


def feature_count(settings: Descriptor) -> int:
    """Return the number of features of an atom."""
    return settings.radial_shifts + settings.angular_shifts * settings.angle_sections


@dataclass(frozen=True)
class Pairs:
    """Derivatives of the features of F frames, by pair; pairs of frame f are start[f]:start[f+1].

    radial_index (P, 2): atoms i, j of each pair of the half list; radial_unit (P, 3): direction
    from i to j; radial_length (P,): distance, A; radial_slope (P, R): dR_k/dr, 1/A. angular_index
    (Q, 2): centre i and neighbour j of each ordered pair inside the angular cut-off, sorted by
    centre; angular_vector (Q, 3): x_j - x_i, A; angular_slope (Q, 3, K): derivative of i's
    angular features by it, 1/A.
    """

    radial_start: NDArray[np.int64]
    radial_index: Indices
    radial_unit: Array
    radial_length: Array
    radial_slope: Array
    angular_start: NDArray[np.int64]
    angular_index: Indices
    angular_vector: Array
    angular_slope: Array


def use_threads(threads: int) -> None:
    """Let compiled loops over frames use at most `threads` threads."""
    set_num_threads(min(threads, NUMBA_NUM_THREADS))


def describe(positions: Floats, cell: Floats, settings: Descriptor) -> Floats:
    """Return the features (F, N, D) of F frames: positions (F, N, 3) and cell (F, 3, 3) in A.

    Raises PotstillError, naming the frame, where they are not finite (atoms on top of each other).
    """
    positions, cell = _contiguous(positions, cell)
    values = np.zeros((*positions.shape[:2], feature_count(settings)))
    describe_frames(positions, cell, functions(settings), values, *_no_pairs(settings, len(cell)))
    _check(values)
    return values


def describe_with_pairs(
    positions: Floats, cell: Floats, settings: Descriptor, dtype: DTypeLike = np.float64
) -> tuple[Floats, Pairs]:
    """Return the features (F, N, D) and their derivatives by pair, these stored as `dtype`."""
    positions, cell = _contiguous(positions, cell)
    parameters = functions(settings)
    values = np.zeros((*positions.shape[:2], feature_count(settings)))
    counts = _pair_counts(positions, cell, settings)
    radial, angular = counts.sum(axis=0)
    features = settings.angular_shifts * settings.angle_sections
    pairs = Pairs(
        np.concatenate([[0], np.cumsum(counts[:, 0])]),
        np.empty((radial, 2), dtype=np.int32),
        np.empty((radial, 3), dtype=dtype),
        np.empty(radial, dtype=dtype),
        np.empty((radial, settings.radial_shifts), dtype=dtype),
        np.concatenate([[0], np.cumsum(counts[:, 1])]),
        np.empty((angular, 2), dtype=np.int32),
        np.empty((angular, 3), dtype=dtype),
        np.empty((angular, 3, features), dtype=dtype),
    )
    describe_frames(positions, cell, parameters, values, *vars(pairs).values(), True)
    _check(values)
    return values, pairs


def pairs_bytes(
    positions: Floats, cell: Floats, settings: Descriptor, dtype: DTypeLike = np.float64
) -> int:
    """Return the size of the `Pairs` of these frames, without computing their derivatives."""
    radial, angular = _pair_counts(*_contiguous(positions, cell), settings).sum(axis=0)
    return int(settings.pair_bytes(int(radial), int(angular), np.dtype(dtype).itemsize))


def _pair_counts(positions: Floats, cell: Floats, settings: Descriptor) -> NDArray[np.int64]:
    """Return the numbers of half pairs and of ordered angular pairs, (F, 2)."""
    counts = np.zeros((len(cell), 2), dtype=np.int64)
    count_pairs(positions, cell, settings.radial_cutoff_A, settings.angular_cutoff_A, counts)
    return counts


def _contiguous(positions: Floats, cell: Floats) -> tuple[Floats, Floats]:
    return np.ascontiguousarray(positions), np.ascontiguousarray(cell)


def _no_pairs(settings: Descriptor, frames: int) -> tuple[NDArray[np.generic] | bool, ...]:
    """Return the arguments of `describe_frames` that ask for no derivatives."""
    start, index = np.zeros(frames + 1, dtype=np.int64), np.zeros((0, 2), dtype=np.int32)
    vector = np.zeros((0, 3))
    radial = (start, index, vector, np.zeros(0), np.zeros((0, settings.radial_shifts)))
    return *radial, start, index, vector, np.zeros((0, 3, 1)), False


def _check(values: Floats) -> None:
    bad = ~np.isfinite(values).all(axis=(1, 2))
    if bad.any():
        raise PotstillError(
            f"frame {int(np.argmax(bad))}: its descriptors are not finite, as a position is not a "
            "number or two atoms coincide; remove the frame"
        )
