"""ANI symmetry functions of structures of any elements, and their derivatives by pair.

For atom i with neighbours at r_ij = x_j - x_i (images included, A), in torchani's convention
(Smith, Isayev and Roitberg, Chem. Sci. 8, 3192 (2017), with NeuroChem's factors 1/4 and 0.95):

    R_k  = sum_j 1/4 exp(-eta_R (r_ij - s_k)^2) fc(r_ij)
    A_kl = sum_{j<m} 2 exp(-eta_A ((r_ij + r_im)/2 - s_k)^2) ((1 + cos(t - t_l))/2)^zeta
           fc(r_ij) fc(r_im),   t = acos(0.95 cos(angle j i m))

Radial and angular shifts are evenly spaced from their start to the cut-off (or `radial_end_A`),
itself left out; angle shifts are the middles of equal parts of [0, pi].

With S elements an atom has R_k for the neighbours j of each element in turn, then A_kl, k outer,
for each pair of elements of j and m: (0, 0), (0, 1) ... (0, S - 1), (1, 1) ... Elements are in the
order of their atomic numbers. One block of functions is R or K of them long.

Derivatives are kept by pair. With g_i = dE/dD_i, f_ij = dE/dr_ij gives the forces F_i += f_ij,
F_j -= f_ij and the strain derivative r_ij (x) f_ij. Radial features need one number w_k = dR_k/dr a
pair, the same seen from both ends: f_ij = u_ij (g_i + g_j).w over a half list, of g_i the block of
j's element, and of g_j that of i's. Angular ones need a (3, S K) matrix for each ordered pair
inside the angular cut-off: of the blocks of i only those of j's element and one other depend on j.
Derivatives smaller than `radial.SMALLEST` are zero.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from potstill.data.geometry import SAME_SPOT_A, check_geometry, enclosed, on_one_spot
from potstill.data.structures import Structures, structure_of
from potstill.descriptors.elements import element_numbers
from potstill.descriptors.pairs import count_pairs, describe_frames, half_pairs
from potstill.descriptors.radial import Array, Floats, Functions, Indices, Numbers, cutoff_at
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


def feature_count(settings: Descriptor, elements: int = 1) -> int:
    """Return the number of features of an atom among so many elements."""
    pairs = elements * (elements + 1) // 2
    return elements * settings.radial_shifts + pairs * _angles(settings)


def _angles(settings: Descriptor) -> int:
    """Return the number of functions in an angular block."""
    return settings.angular_shifts * settings.angle_sections


def smallest_spread(settings: Descriptor, elements: int = 1) -> Floats:
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
    block = np.repeat(angular, settings.angle_sections)
    pairs = elements * (elements + 1) // 2
    return SPREAD_SHARE * np.concatenate([np.tile(radial, elements), np.tile(block, pairs)])


@dataclass(frozen=True)
class Pairs:
    """Derivatives of the features of F frames of A atoms together, by pair.

    start (F + 1,): where the atoms of each frame begin; numbers (A,): which of S elements each is.
    Pairs of frame f are radial_start[f] to radial_start[f + 1], with the numbers of its atoms from
    0: radial_index (P, 2): atoms i, j of each pair of the half list; radial_unit (P, 3): direction
    from i to j; radial_length (P,): distance, A; radial_slope (P, R): dR_k/dr, 1/A.

    angular_run (A S + 1,): where the ordered pairs inside the angular cut-off begin of each centre,
    among all atoms, with its neighbours of each element. angular_index (Q, 2): centre i and
    neighbour j; angular_vector (Q, 3): x_j - x_i, A; angular_slope (Q, 3, S K): derivatives by it,
    1/A, of those angular features of i that are of j's element and of each element in turn.
    """

    start: NDArray[np.int64]
    numbers: Numbers
    elements: int
    radial_start: NDArray[np.int64]
    radial_index: Indices
    radial_unit: Array
    radial_length: Array
    radial_slope: Array
    angular_run: NDArray[np.int64]
    angular_index: Indices
    angular_vector: Array
    angular_slope: Array

    @property
    def angular_start(self) -> NDArray[np.int64]:
        """Where the ordered pairs of each frame begin, (F + 1,)."""
        return self.angular_run[self.start * self.elements]


class _Given(NamedTuple):
    """Structures as the kernels want them: positions (A, 3) and periodic cell (F, 3, 3), A."""

    positions: Floats
    cell: Floats
    start: NDArray[np.int64]
    numbers: Numbers
    elements: int


def describe(
    structures: Structures, settings: Descriptor, elements: Sequence[str], *, first: int = 0
) -> Floats:
    """Return the features (A, D) of structures, which tell `elements` (symbols) apart.

    first: the number of the first frame, where these are a part of more. Raises PotstillError,
    naming frame and atoms, as `check_geometry` and `element_numbers` do and for atoms on one spot.
    """
    given = _given(structures, settings, elements, first)
    none = np.zeros((len(structures), 2), dtype=np.int64)
    return _described(given, settings, _room(given, none, settings, np.float64), first, False)


def describe_with_pairs(
    structures: Structures,
    settings: Descriptor,
    elements: Sequence[str],
    dtype: DTypeLike = np.float64,
    *,
    first: int = 0,
) -> tuple[Floats, Pairs]:
    """Return the features (A, D) and their derivatives by pair, these stored as `dtype`.

    elements, first, and the errors: as of `describe`.
    """
    given = _given(structures, settings, elements, first)
    pairs = _room(given, _pair_counts(given, settings), settings, dtype)
    return _described(given, settings, pairs, first, True), pairs


def pairs_bytes(
    structures: Structures,
    settings: Descriptor,
    elements: Sequence[str],
    dtype: DTypeLike = np.float64,
) -> int:
    """Return the size of the `Pairs` of structures, without computing their derivatives."""
    given = _given(structures, settings, elements, 0)
    radial, angular = _pair_counts(given, settings).sum(axis=0)
    itemsize = np.dtype(dtype).itemsize
    return int(settings.pair_bytes(int(radial), int(angular), itemsize, len(elements)))


def _given(
    structures: Structures, settings: Descriptor, elements: Sequence[str], first: int
) -> _Given:
    """Return structures for the kernels; PotstillError as of `describe`."""
    check_geometry(structures, first=first)
    return _Given(
        np.ascontiguousarray(structures.positions, dtype=np.float64),
        np.ascontiguousarray(enclosed(structures, settings.radial_cutoff_A), dtype=np.float64),
        structures.start,
        element_numbers(structures, elements, first=first),
        len(elements),
    )


def _pair_counts(given: _Given, settings: Descriptor) -> NDArray[np.int64]:
    """Return the numbers of half pairs and of ordered angular pairs, (F, 2)."""
    counts = np.zeros((len(given.cell), 2), dtype=np.int64)
    cutoffs = settings.radial_cutoff_A, settings.angular_cutoff_A
    count_pairs(given.positions, given.cell, given.start, *cutoffs, counts)
    return counts


def _room(
    given: _Given, counts: NDArray[np.int64], settings: Descriptor, dtype: DTypeLike
) -> Pairs:
    """Return room for so many half pairs and ordered angular pairs of each frame, (F, 2)."""
    radial, angular = counts.sum(axis=0)
    runs = np.zeros(len(given.numbers) * given.elements + 1, dtype=np.int64)
    runs[given.start * given.elements] = np.concatenate([[0], np.cumsum(counts[:, 1])])
    return Pairs(
        given.start,
        given.numbers,
        given.elements,
        np.concatenate([[0], np.cumsum(counts[:, 0])]),
        np.empty((radial, 2), dtype=np.int32),
        np.empty((radial, 3), dtype=dtype),
        np.empty(radial, dtype=dtype),
        np.empty((radial, settings.radial_shifts), dtype=dtype),
        runs,
        np.empty((angular, 2), dtype=np.int32),
        np.empty((angular, 3), dtype=dtype),
        np.empty((angular, 3, given.elements * _angles(settings)), dtype=dtype),
    )


def _described(
    given: _Given, settings: Descriptor, pairs: Pairs, first: int, with_pairs: bool
) -> Floats:
    """Return the features and, if asked, fill `pairs`; PotstillError for atoms on one spot."""
    values = np.zeros((len(given.numbers), feature_count(settings, given.elements)))
    arrays = vars(pairs).values()
    describe_frames(given.positions, given.cell, functions(settings), values, *arrays, with_pairs)
    bad = ~np.isfinite(values).all(axis=1)
    if not bad.any():
        return values
    frame = structure_of(given.start, int(np.argmax(bad)))
    here = slice(given.start[frame], given.start[frame + 1])
    index, _, distance = half_pairs(given.positions[here], given.cell[frame], SAME_SPOT_A)
    if len(distance):
        raise on_one_spot(f"frame {first + frame}", *sorted(index[np.argmin(distance)]))
    raise PotstillError(
        f"frame {first + frame}: its descriptors are not finite, as atoms are too close or too far "
        "from the cell; remove the frame"
    )
