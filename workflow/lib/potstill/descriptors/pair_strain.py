"""The stress from g = dE/dD, linear in g: what training on the stress needs.

The derivatives of the features by strain are small, six numbers a feature of an atom, so that the
stress of any networks is one matrix product with g on any device: dE/d(strain) = sum_ik g_ik
dD_ik/d(strain).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from potstill.data.structures import Structures
from potstill.descriptors.angular import pair_block
from potstill.descriptors.radial import Array, Indices, Numbers
from potstill.descriptors.symmetry_functions import Pairs
from potstill.runtime.compiled import parallel, prange

# Components of a symmetric tensor in Voigt's order, as ASE has them: xx, yy, zz, yz, xz, xy.
VOIGT = np.array([[0, 0], [1, 1], [2, 2], [1, 2], [0, 2], [0, 1]])


@dataclass(frozen=True)
class StrainMap:
    """The map of F frames of A atoms together.

    slopes (6 A D,): of each frame in turn dD/d(strain) over its volume, (6, N, D), 1/A^3; sizes
    (F,): its number of atoms N.
    """

    slopes: Tensor
    sizes: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: Sequence["StrainMap"]) -> "StrainMap":
        """Return the map of the frames of several, one after another."""
        if len(parts) == 1:
            return parts[0]
        slopes = torch.cat([part.slopes for part in parts])
        return cls(slopes, np.concatenate([part.sizes for part in parts]))

    def __call__(self, g: Tensor, frames: NDArray[np.int64]) -> Tensor:
        """Return dE/d(strain) over the volume, (M, B, 6) in Voigt's order, of frames (B,).

        g (M, A, D): of the atoms of those frames, one frame after another. Strain is symmetric and
        moves r to (1 + strain) r; its off-diagonal components are those of the tensor, not the
        doubled ones of engineers: their derivatives give the stress as ASE has it. A frame whose
        cell has no volume gets zeros.
        """
        if (self.sizes == self.sizes[0]).all():
            slopes = self.slopes.view(len(self.sizes), len(VOIGT), -1)
            chosen = slopes[torch.from_numpy(frames).to(g.device)]
            by_frame = g.reshape(len(g), len(frames), -1).transpose(0, 1)
            return torch.bmm(by_frame, chosen.transpose(1, 2)).transpose(0, 1)
        numbers = len(VOIGT) * g.shape[2]
        end = np.cumsum(self.sizes) * numbers
        parts = []
        for frame, part in zip(
            frames, torch.split(g, self.sizes[frames].tolist(), dim=1), strict=True
        ):
            slopes = self.slopes[end[frame] - self.sizes[frame] * numbers : end[frame]]
            parts.append(part.flatten(1) @ slopes.view(len(VOIGT), -1).T)
        return torch.stack(parts, dim=1)


def strain_map(structures: Structures, pairs: Pairs, device: str) -> StrainMap:
    """Return the map of these structures, with the derivatives in `pairs`' dtype."""
    elements, dtype = pairs.elements, pairs.radial_slope.dtype
    blocks = elements * (elements + 1) // 2
    features = elements * pairs.radial_slope.shape[1] + (
        blocks * (pairs.angular_slope.shape[2] // elements)
    )
    slopes = np.zeros(len(VOIGT) * len(pairs.numbers) * features, dtype=dtype)
    _fill(VOIGT, features, *vars(pairs).values(), slopes)
    volume = structures.volume.astype(dtype)
    volume[volume == 0] = np.inf
    slopes /= np.repeat(volume, len(VOIGT) * features * structures.sizes)
    return StrainMap(torch.from_numpy(slopes).to(device), structures.sizes)


@parallel(cache=True, nogil=True, error_model="numpy", fastmath=False)
def _fill(
    voigt: NDArray[np.int64],
    features: int,
    start: NDArray[np.int64],
    numbers: Numbers,
    elements: int,
    radial_start: NDArray[np.int64],
    radial_index: Indices,
    radial_unit: Array,
    radial_length: Array,
    radial_slope: Array,
    angular_run: NDArray[np.int64],
    angular_index: Indices,
    angular_vector: Array,
    angular_slope: Array,
    slopes: Array,
) -> None:
    """Add to slopes, of each frame (6, N, D)."""
    radial = radial_slope.shape[1]
    angular, width = elements * radial, angular_slope.shape[2] // elements
    for frame in prange(len(start) - 1):
        atoms = start[frame + 1] - start[frame]
        first = len(voigt) * features * start[frame]
        of_frame = slopes[first : first + len(voigt) * features * atoms].reshape(
            len(voigt), atoms, features
        )
        kinds = numbers[start[frame] : start[frame + 1]]
        for p in range(radial_start[frame], radial_start[frame + 1]):
            i, j = radial_index[p, 0], radial_index[p, 1]
            for v in range(len(voigt)):
                d, e = voigt[v, 0], voigt[v, 1]
                arm = radial_length[p] * radial_unit[p, d] * radial_unit[p, e]
                of_i = of_frame[v, i, kinds[j] * radial :]
                of_j = of_frame[v, j, kinds[i] * radial :]
                for k in range(radial):
                    of_i[k] += arm * radial_slope[p, k]
                for k in range(radial):
                    of_j[k] += arm * radial_slope[p, k]
        for run in range(start[frame] * elements, start[frame + 1] * elements):
            for q in range(angular_run[run], angular_run[run + 1]):
                i = angular_index[q, 0]
                for v in range(len(voigt)):
                    # the sum over neighbours is symmetric in d and e: rotations change no feature
                    arm, e = angular_vector[q, voigt[v, 0]], voigt[v, 1]
                    for t in range(elements):
                        block = pair_block(run % elements, t, elements)
                        row = of_frame[v, i, angular + block * width :]
                        for k in range(width):
                            row[k] += arm * angular_slope[q, e, t * width + k]
