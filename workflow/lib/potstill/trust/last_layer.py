"""How far the energies trained on determine that of another structure: leverage in the last layer.

A network's energy is linear in what its last layer is given, summed over the atoms. As in linear
regression, h (H^T H)^-1 h tells how much a structure with h depends on errors of those trained on,
H, and how it is for them, were they not trained on, follows without another training (Bigi et al.,
Mach. Learn.: Sci. Technol. 5, 045018 (2024)).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potstill.data.structures import Floats, Indices, frame_means

# Of the mean of the diagonal of H^T H, added to it: directions that no structure has would make it
# singular.
_RIDGE = 1e-6
# A frame whose leverage is nearer to 1 is all that determines some direction.
_ALONE = 1e-3


@dataclass(frozen=True)
class LastLayer:
    """root (M, K, K): of (H^T H)^-1 of each member, R^T R, float32."""

    root: NDArray[np.float32]

    @classmethod
    def of(cls, h: Floats) -> "LastLayer":
        """Return that of F structures trained on, h (M, F, K)."""
        square = np.transpose(h, (0, 2, 1)) @ h
        width = square.shape[1]
        least = _RIDGE * np.trace(square, axis1=1, axis2=2) / width + np.finfo(float).tiny
        cholesky = np.linalg.cholesky(square + least[:, None, None] * np.eye(width))
        return cls(np.linalg.inv(cholesky).astype(np.float32))

    def leverage(self, h: Floats, *, known: bool = False) -> Floats:
        """Return the root mean square over the members of the leverage of F structures, (F,).

        h (M, F, K). known: they were trained on, and what is asked is how it were otherwise.
        """
        square = ((h @ np.transpose(self.root, (0, 2, 1)).astype(np.float64)) ** 2).sum(axis=2)
        if known:
            square /= np.maximum(1 - square, _ALONE)
        return np.asarray(np.sqrt(square.mean(axis=0)))


def by_structure(inputs: Floats, numbers: Indices, elements: int, sizes: Indices) -> Floats:
    """Return the last layer's inputs as means over each structure's atoms, (M, F, elements H).

    inputs (M, A, H), of which those of each element are apart; numbers (A,): of which element each
    atom is; sizes (F,).
    """
    members, atoms, width = inputs.shape
    apart = np.zeros((members, atoms, elements, width))
    apart[:, np.arange(atoms), numbers] = inputs
    return np.asarray(frame_means(apart.reshape(members, atoms, -1), sizes, axis=1))
