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
`radial.SMALLEST` are zero.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from potstill.data.geometry import SAME_SPOT_A, check_geometry, on_one_spot
from potstill.descriptors.pairs import count_pairs, describe_frames, half_pairs
from potstill.descriptors.radial import Array, Floats, Functions, Indices, cutoff_at
from potstill.errors import PotstillError
from potstill.settings import Descriptor

# One neighbour at the distance that a feature is most sensitive to changes a network's input by at
# most the inverse: 100 standard deviations. Sampled sets have 0.018 and more.
SPREAD_SHARE = 0.01


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


def smallest_spread(settings: Descriptor) -> Floats:
    """Return the least standard deviation (D,) of each feature that inputs are divided by.

    That is `SPREAD_SHARE` of the most that a single neighbour, or pair of neighbours, adds to the
    feature. Features of distances that no frame has vary by nothing but the tail of a Gaussian:
    divided by that, one bond at such a distance would be an input of many thousands.
    """
    given = functions(settings)

    def most(cutoff: float, eta: float, centres: Floats, power: int, factor: float) -> Floats:
        r = np.linspace(0, cutoff, 1001)[1:-1]
        fc = np.array([cutoff_at(x, cutoff, given.smooth)[0] for x in r])
        gaussian = np.exp(-eta * (r - centres[:, None]) ** 2)
        return factor * np.asarray((gaussian * fc**power).max(axis=1))

    radial = most(given.radial_cutoff, given.radial_eta, given.radial_shifts, 1, 0.25)
    angular = most(given.angular_cutoff, given.angular_eta, given.angular_shifts, 2, 2.0)
    return SPREAD_SHARE * np.concatenate([radial, np.repeat(angular, settings.angle_sections)])


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


def describe(positions: Floats, cell: Floats, settings: Descriptor, *, first: int = 0) -> Floats:
    """Return the features (F, N, D) of F frames: positions (F, N, 3) and cell (F, 3, 3) in A.

    first: the number of the first frame, where these are a part of more. Raises PotstillError,
    naming frame and atoms, as `check_geometry` does and for atoms on one spot.
    """
    positions, cell = _checked(positions, cell)
    values = np.zeros((*positions.shape[:2], feature_count(settings)))
    describe_frames(positions, cell, functions(settings), values, *_no_pairs(settings, len(cell)))
    _check(values, positions, cell, first)
    return values


def describe_with_pairs(
    positions: Floats,
    cell: Floats,
    settings: Descriptor,
    dtype: DTypeLike = np.float64,
    *,
    first: int = 0,
) -> tuple[Floats, Pairs]:
    """Return the features (F, N, D) and their derivatives by pair, these stored as `dtype`.

    first, and the errors: as of `describe`.
    """
    positions, cell = _checked(positions, cell)
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
    _check(values, positions, cell, first)
    return values, pairs


def pairs_bytes(
    positions: Floats, cell: Floats, settings: Descriptor, dtype: DTypeLike = np.float64
) -> int:
    """Return the size of the `Pairs` of these frames, without computing their derivatives."""
    radial, angular = _pair_counts(*_checked(positions, cell), settings).sum(axis=0)
    return int(settings.pair_bytes(int(radial), int(angular), np.dtype(dtype).itemsize))


def _pair_counts(positions: Floats, cell: Floats, settings: Descriptor) -> NDArray[np.int64]:
    """Return the numbers of half pairs and of ordered angular pairs, (F, 2)."""
    counts = np.zeros((len(cell), 2), dtype=np.int64)
    count_pairs(positions, cell, settings.radial_cutoff_A, settings.angular_cutoff_A, counts)
    return counts


def _checked(positions: Floats, cell: Floats) -> tuple[Floats, Floats]:
    """Return both as the kernels want them; PotstillError as of `check_geometry`."""
    positions = np.ascontiguousarray(positions, dtype=np.float64)
    cell = np.ascontiguousarray(cell, dtype=np.float64)
    check_geometry(positions, cell)
    return positions, cell


def _no_pairs(settings: Descriptor, frames: int) -> tuple[NDArray[np.generic] | bool, ...]:
    """Return the arguments of `describe_frames` that ask for no derivatives."""
    start, index = np.zeros(frames + 1, dtype=np.int64), np.zeros((0, 2), dtype=np.int32)
    vector = np.zeros((0, 3))
    radial = (start, index, vector, np.zeros(0), np.zeros((0, settings.radial_shifts)))
    return *radial, start, index, vector, np.zeros((0, 3, 1)), False


def _check(values: Floats, positions: Floats, cell: Floats, first: int) -> None:
    bad = ~np.isfinite(values).all(axis=(1, 2))
    if not bad.any():
        return
    frame = int(np.argmax(bad))
    index, _, distance = half_pairs(positions[frame], cell[frame], SAME_SPOT_A)
    if len(distance):
        raise on_one_spot(f"frame {first + frame}", *sorted(index[np.argmin(distance)]))
    raise PotstillError(
        f"frame {first + frame}: its descriptors are not finite, as atoms are too close or too far "
        "from the cell; remove the frame"
    )
