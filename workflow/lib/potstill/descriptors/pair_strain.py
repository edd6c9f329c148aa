"""Derivatives of the features by strain: what training on the stress needs.

They are small, six numbers a feature of an atom, so that the stress of any networks is one matrix
product with g = dE/dD on any device: dE/d(strain) = sum_ik g_ik dD_ik/d(strain).
"""

import numpy as np
from numpy.typing import NDArray

from potstill.descriptors.radial import Array, Indices
from potstill.descriptors.symmetry_functions import Pairs
from potstill.runtime.compiled import parallel, prange

# Components of a symmetric tensor in Voigt's order, as ASE has them: xx, yy, zz, yz, xz, xy.
VOIGT = np.array([[0, 0], [1, 1], [2, 2], [1, 2], [0, 2], [0, 1]])


def strain_slopes(pairs: Pairs, atoms: int) -> Array:
    """Return dD/d(strain) (F, 6, N, D) of F frames of N atoms, in Voigt's order and `pairs`' dtype.

    Strain is symmetric and moves r to (1 + strain) r; its off-diagonal components are those of the
    tensor, not the doubled ones of engineers: their derivatives give the stress as ASE has it.
    """
    radial, angular = pairs.radial_slope.shape[1], pairs.angular_slope.shape[2]
    shape = (len(pairs.radial_start) - 1, len(VOIGT), atoms, radial + angular)
    slopes = np.zeros(shape, dtype=pairs.radial_slope.dtype)
    _fill(VOIGT, *vars(pairs).values(), slopes)
    return slopes


@parallel(cache=True, nogil=True, error_model="numpy")
def _fill(
    voigt: NDArray[np.int64],
    radial_start: NDArray[np.int64],
    radial_index: Indices,
    radial_unit: Array,
    radial_length: Array,
    radial_slope: Array,
    angular_start: NDArray[np.int64],
    angular_index: Indices,
    angular_vector: Array,
    angular_slope: Array,
    slopes: Array,
) -> None:
    """Add to slopes (F, 6, N, D)."""
    radial = radial_slope.shape[1]
    for frame in prange(len(slopes)):
        of_frame = slopes[frame]
        for p in range(radial_start[frame], radial_start[frame + 1]):
            i, j = radial_index[p, 0], radial_index[p, 1]
            for v in range(len(voigt)):
                d, e = voigt[v, 0], voigt[v, 1]
                arm = radial_length[p] * radial_unit[p, d] * radial_unit[p, e]
                for k in range(radial):
                    of_frame[v, i, k] += arm * radial_slope[p, k]
                for k in range(radial):
                    of_frame[v, j, k] += arm * radial_slope[p, k]
        for q in range(angular_start[frame], angular_start[frame + 1]):
            i = angular_index[q, 0]
            for v in range(len(voigt)):
                # the sum over neighbours is symmetric in d and e: rotations change no feature
                arm, e = angular_vector[q, voigt[v, 0]], voigt[v, 1]
                for k in range(angular_slope.shape[2]):
                    of_frame[v, i, radial + k] += arm * angular_slope[q, e, k]
