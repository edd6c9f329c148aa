"""Forces from g = dE/dD, linear in g, with the transpose as backward: what force training needs.

On a CPU compiled loops run over radial pairs, and each atom's angular part is a matrix product;
`TorchForces` is the same in plain torch, for any device, differentiable by itself, and the check
of the other. Radial features come first in D.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from potstill.descriptors.radial import FAST, Array, Floats, Indices
from potstill.descriptors.symmetry_functions import Pairs, describe_with_pairs
from potstill.runtime.compiled import njit, parallel, prange
from potstill.settings import Descriptor

Starts = NDArray[np.int64]
# (g (M, B, N, D) of M members, indices (B,) of the frames in the pairs) -> forces (M, B, N, 3)
ForceMap = Callable[[Tensor, Starts], Tensor]


def force_map(pairs: Pairs, device: str) -> ForceMap:
    """Return the map from g to forces of these frames, the fast one for the device."""
    return NumbaForces(pairs) if device == "cpu" else TorchForces(pairs, device)


class FreshForces:
    """The map where derivatives are too many to keep: those of the frames asked for, each time."""

    def __init__(
        self, positions: Floats, cell: Floats, settings: Descriptor, device: str = "cpu"
    ) -> None:
        self.positions, self.cell = positions, cell
        self.settings, self.device = settings, device

    def __call__(self, g: Tensor, frames: Starts) -> Tensor:
        """Return forces (M, B, N, 3) for g (M, B, N, D)."""
        given = self.positions[frames], self.cell[frames]
        _, pairs = describe_with_pairs(*given, self.settings, np.float32)
        return force_map(pairs, self.device)(g, np.arange(len(frames)))


def forces_and_strain(g: Floats, pairs: Pairs) -> tuple[Floats, Floats]:
    """Return forces (F, N, 3) and dE/d(strain) (F, 3, 3) for g = dE/dD (F, N, D)."""
    forces = np.zeros((*g.shape[:2], 3))
    strain = np.zeros((len(g), 3, 3))
    arrays = (pairs.radial_start, pairs.radial_index, pairs.radial_unit, pairs.radial_length)
    angular = (pairs.angular_start, pairs.angular_index, pairs.angular_vector)
    _with_strain(g, *arrays, pairs.radial_slope, *angular, pairs.angular_slope, forces, strain)
    return forces, strain


class NumbaForces:
    """The map on a CPU; each frame is one thread's, so results do not depend on their number."""

    def __init__(self, pairs: Pairs) -> None:
        self.arrays = (
            pairs.radial_start,
            pairs.radial_index,
            pairs.radial_unit,
            pairs.radial_slope,
            pairs.angular_start,
            pairs.angular_index,
            pairs.angular_slope,
        )

    def __call__(self, g: Tensor, frames: Starts) -> Tensor:
        """Return forces (M, B, N, 3) for g (M, B, N, D)."""
        forces: Tensor = _Apply.apply(  # type: ignore[no-untyped-call]
            g, frames, self.arrays
        )
        return forces


class _Apply(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, g: Tensor, frames: Starts, arrays: tuple[Array, ...]) -> Tensor:
        ctx.frames, ctx.arrays, ctx.features = frames, arrays, g.shape[3]
        forces = g.new_zeros((*g.shape[:3], 3))
        _forward(g.detach().contiguous().numpy(), frames, *arrays, forces.numpy())
        return forces

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (by_force,) = gradients
        by_g = by_force.new_zeros((*by_force.shape[:3], ctx.features))
        _backward(by_force.contiguous().numpy(), ctx.frames, *ctx.arrays, by_g.numpy())
        return by_g, None, None


class TorchForces:
    """The map in plain torch, on any device."""

    def __init__(self, pairs: Pairs, device: str = "cpu") -> None:
        def move(array: NDArray[Any]) -> Tensor:
            return torch.from_numpy(array).to(device)

        self.starts = move(pairs.radial_start), move(pairs.angular_start)
        self.indices = move(pairs.radial_index).long(), move(pairs.angular_index).long()
        self.unit = move(pairs.radial_unit)
        self.slopes = move(pairs.radial_slope), move(pairs.angular_slope)

    def __call__(self, g: Tensor, frames: Starts) -> Tensor:
        """Return forces (M, B, N, 3) for g (M, B, N, D)."""
        members, batch, atoms, _ = g.shape
        radial = self.slopes[0].shape[1]
        flat = g.reshape(members, batch * atoms, -1)
        forces = g.new_zeros((members, batch * atoms, 3))
        rows, i, j = self._rows(0, frames, atoms)
        both = flat[:, i, :radial] + flat[:, j, :radial]
        tension = torch.einsum("mpk,pk->mp", both, self.slopes[0][rows])
        f = tension[:, :, None] * self.unit[rows]
        forces = forces.index_add(1, i, f).index_add(1, j, -f)
        rows, i, j = self._rows(1, frames, atoms)
        f = torch.einsum("mqk,qdk->mqd", flat[:, i, radial:], self.slopes[1][rows])
        forces = forces.index_add(1, i, f).index_add(1, j, -f)
        return forces.view(members, batch, atoms, 3)

    def _rows(self, kind: int, frames: Starts, atoms: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the pairs of the frames and their atoms i, j as rows of the flattened batch."""
        start, index = self.starts[kind], self.indices[kind]
        chosen = torch.from_numpy(frames).to(start.device)
        counts = start[chosen + 1] - start[chosen]
        place = torch.repeat_interleave(torch.arange(len(chosen), device=start.device), counts)
        before = torch.cumsum(counts, 0) - counts
        rows = torch.arange(len(place), device=start.device) + (start[chosen] - before)[place]
        i, j = (index[rows] + place[:, None] * atoms).unbind(1)
        return rows, i, j


@njit(cache=True, nogil=True)
def _end_of_atom(index: Indices, first: int, end: int) -> int:
    """Return where the pairs of one atom end that begin at `first`: they are sorted by it."""
    last = first + 1
    while last < end and index[last, 0] == index[first, 0]:
        last += 1
    return last


@parallel(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _forward(
    g: Array,
    frames: Starts,
    radial_start: Starts,
    radial_index: Indices,
    radial_unit: Array,
    radial_slope: Array,
    angular_start: Starts,
    angular_index: Indices,
    angular_slope: Array,
    forces: Array,
) -> None:
    """Add to forces (M, B, N, 3); the angular part is one matrix product an atom."""
    members = g.shape[0]
    radial = radial_slope.shape[1]
    angular = angular_slope.shape[2]
    for b in prange(len(frames)):
        frame = frames[b]
        for m in range(members):
            gm = g[m, b]
            fm = forces[m, b]
            for p in range(radial_start[frame], radial_start[frame + 1]):
                i, j = radial_index[p, 0], radial_index[p, 1]
                tension = g.dtype.type(0)
                for k in range(radial):
                    tension += (gm[i, k] + gm[j, k]) * radial_slope[p, k]
                for d in range(3):
                    f = tension * radial_unit[p, d]
                    fm[i, d] += f
                    fm[j, d] -= f
        own = np.empty((members, angular), dtype=g.dtype)
        first = angular_start[frame]
        while first < angular_start[frame + 1]:
            i = angular_index[first, 0]
            end = _end_of_atom(angular_index, first, angular_start[frame + 1])
            for m in range(members):
                for k in range(angular):
                    own[m, k] = g[m, b, i, radial + k]
            slope = angular_slope[first:end].reshape(3 * (end - first), angular)
            by_pair = np.dot(own, slope.T)
            for m in range(members):
                fm = forces[m, b]
                for q in range(end - first):
                    j = angular_index[first + q, 1]
                    for d in range(3):
                        fm[i, d] += by_pair[m, 3 * q + d]
                        fm[j, d] -= by_pair[m, 3 * q + d]
            first = end


@parallel(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _backward(
    by_force: Array,
    frames: Starts,
    radial_start: Starts,
    radial_index: Indices,
    radial_unit: Array,
    radial_slope: Array,
    angular_start: Starts,
    angular_index: Indices,
    angular_slope: Array,
    by_g: Array,
) -> None:
    """Add the transpose of `_forward` of by_force (M, B, N, 3) to by_g (M, B, N, D)."""
    members = by_g.shape[0]
    radial = radial_slope.shape[1]
    angular = angular_slope.shape[2]
    for b in prange(len(frames)):
        frame = frames[b]
        for m in range(members):
            gm = by_g[m, b]
            fm = by_force[m, b]
            for p in range(radial_start[frame], radial_start[frame + 1]):
                i, j = radial_index[p, 0], radial_index[p, 1]
                tension = (
                    (fm[i, 0] - fm[j, 0]) * radial_unit[p, 0]
                    + (fm[i, 1] - fm[j, 1]) * radial_unit[p, 1]
                    + (fm[i, 2] - fm[j, 2]) * radial_unit[p, 2]
                )
                for k in range(radial):
                    gm[i, k] += tension * radial_slope[p, k]
                for k in range(radial):
                    gm[j, k] += tension * radial_slope[p, k]
        first = angular_start[frame]
        while first < angular_start[frame + 1]:
            i = angular_index[first, 0]
            end = _end_of_atom(angular_index, first, angular_start[frame + 1])
            by_pair = np.empty((members, 3 * (end - first)), dtype=by_g.dtype)
            for m in range(members):
                fm = by_force[m, b]
                for q in range(end - first):
                    j = angular_index[first + q, 1]
                    for d in range(3):
                        by_pair[m, 3 * q + d] = fm[i, d] - fm[j, d]
            slope = angular_slope[first:end].reshape(3 * (end - first), angular)
            own = np.dot(by_pair, slope)
            for m in range(members):
                for k in range(angular):
                    by_g[m, b, i, radial + k] += own[m, k]
            first = end


@parallel(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _with_strain(
    g: Floats,
    radial_start: Starts,
    radial_index: Indices,
    radial_unit: Floats,
    radial_length: Floats,
    radial_slope: Floats,
    angular_start: Starts,
    angular_index: Indices,
    angular_vector: Floats,
    angular_slope: Floats,
    forces: Floats,
    strain: Floats,
) -> None:
    """Add to forces (F, N, 3) and to strain derivatives (F, 3, 3)."""
    radial = radial_slope.shape[1]
    angular = angular_slope.shape[2]
    for frame in prange(len(g)):
        gf = g[frame]
        ff = forces[frame]
        for p in range(radial_start[frame], radial_start[frame + 1]):
            i, j = radial_index[p, 0], radial_index[p, 1]
            tension = 0.0
            for k in range(radial):
                tension += (gf[i, k] + gf[j, k]) * radial_slope[p, k]
            for d in range(3):
                f = tension * radial_unit[p, d]
                ff[i, d] += f
                ff[j, d] -= f
                for e in range(3):
                    strain[frame, e, d] += radial_length[p] * radial_unit[p, e] * f
        for q in range(angular_start[frame], angular_start[frame + 1]):
            i, j = angular_index[q, 0], angular_index[q, 1]
            for d in range(3):
                f = 0.0
                for k in range(angular):
                    f += gf[i, radial + k] * angular_slope[q, d, k]
                ff[i, d] += f
                ff[j, d] -= f
                for e in range(3):
                    strain[frame, e, d] += angular_vector[q, e] * f
