"""Forces from g = dE/dD, linear in g, with the transpose as backward: what force training needs.

On a CPU compiled loops run over radial pairs, and each atom's angular part is a matrix product
(`force_kernels`); `TorchForces` is the same in plain torch, for any device, differentiable by
itself, and the check of the other.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from potstill.data.structures import Structures
from potstill.descriptors.angular import pair_block
from potstill.descriptors.force_kernels import (
    Starts,
    add_forces,
    add_forces_and_strain,
    add_transpose,
)
from potstill.descriptors.radial import Floats
from potstill.descriptors.symmetry_functions import Pairs, describe_with_pairs
from potstill.settings import Descriptor

# (g (M, A, D) of M members, indices (B,) of the frames in the pairs) -> forces (M, A, 3); A atoms
# of those frames, one frame after another
ForceMap = Callable[[Tensor, Starts], Tensor]


def force_map(pairs: Pairs, device: str) -> ForceMap:
    """Return the map from g to forces of these frames, the fast one for the device."""
    return NumbaForces(pairs) if device == "cpu" else TorchForces(pairs, device)


class FreshForces:
    """The map where derivatives are too many to keep: those of the frames asked for, each time."""

    def __init__(
        self,
        structures: Structures,
        settings: Descriptor,
        elements: Sequence[str],
        device: str = "cpu",
    ) -> None:
        self.structures, self.device = structures, device
        self.settings, self.elements = settings, elements

    def __call__(self, g: Tensor, frames: Starts) -> Tensor:
        """Return forces (M, A, 3) for g (M, A, D) of the atoms of these frames."""
        given = self.structures.structures(frames)
        _, pairs = describe_with_pairs(given, self.settings, self.elements, np.float32)
        return force_map(pairs, self.device)(g, np.arange(len(frames)))


def forces_and_strain(g: Floats, pairs: Pairs) -> tuple[Floats, Floats]:
    """Return forces (A, 3) and dE/d(strain) (F, 3, 3) for g = dE/dD (A, D)."""
    forces = np.zeros((len(g), 3))
    strain = np.zeros((len(pairs.start) - 1, 3, 3))
    add_forces_and_strain(g, *vars(pairs).values(), forces, strain)
    return forces, strain


class NumbaForces:
    """The map on a CPU."""

    def __init__(self, pairs: Pairs) -> None:
        self.sizes = np.diff(pairs.start)
        self.arrays = (
            pairs.start,
            pairs.numbers,
            pairs.elements,
            pairs.radial_start,
            pairs.radial_index,
            pairs.radial_unit,
            pairs.radial_slope,
            pairs.angular_run,
            pairs.angular_index,
            pairs.angular_slope,
        )

    def __call__(self, g: Tensor, frames: Starts) -> Tensor:
        """Return forces (M, A, 3) for g (M, A, D) of the atoms of these frames."""
        place = np.concatenate([[0], np.cumsum(self.sizes[frames])])
        forces: Tensor = _Apply.apply(  # type: ignore[no-untyped-call]
            g, frames, place, self.arrays
        )
        return forces


class _Apply(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, g: Tensor, frames: Starts, place: Starts, arrays: tuple[Any, ...]
    ) -> Tensor:
        ctx.where, ctx.arrays, ctx.features = (frames, place), arrays, g.shape[2]
        forces = g.new_zeros((*g.shape[:2], 3))
        add_forces(g.detach().contiguous().numpy(), *ctx.where, *arrays, forces.numpy())
        return forces

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (by_force,) = gradients
        by_g = by_force.new_zeros((*by_force.shape[:2], ctx.features))
        add_transpose(by_force.contiguous().numpy(), *ctx.where, *ctx.arrays, by_g.numpy())
        return by_g, None, None, None


class TorchForces:
    """The map in plain torch, on any device."""

    def __init__(self, pairs: Pairs, device: str = "cpu") -> None:
        def move(array: NDArray[Any]) -> Tensor:
            return torch.from_numpy(array).to(device)

        every = range(pairs.elements)
        blocks = [[pair_block(s, t, pairs.elements) for t in every] for s in every]
        self.blocks = torch.tensor(blocks, device=device)
        self.atoms, self.numbers = move(pairs.start), move(pairs.numbers)
        self.starts = move(pairs.radial_start), move(pairs.angular_start)
        self.indices = move(pairs.radial_index).long(), move(pairs.angular_index).long()
        self.unit = move(pairs.radial_unit)
        self.slopes = move(pairs.radial_slope), move(pairs.angular_slope)

    def __call__(self, g: Tensor, frames: Starts) -> Tensor:
        """Return forces (M, A, 3) for g (M, A, D) of the atoms of these frames."""
        elements, functions = len(self.blocks), self.slopes[0].shape[1]
        forces = g.new_zeros((*g.shape[:2], 3))
        pairs = elements * (elements + 1) // 2
        radial = g[..., : elements * functions].reshape(*g.shape[:2], elements, functions)
        angular = g[..., elements * functions :].reshape(*g.shape[:2], pairs, -1)
        rows, (i, j), (of_i, of_j) = self._rows(0, frames)
        both = radial[:, i, of_j] + radial[:, j, of_i]
        tension = torch.einsum("mpk,pk->mp", both, self.slopes[0][rows])
        f = tension[:, :, None] * self.unit[rows]
        forces = forces.index_add(1, i, f).index_add(1, j, -f)
        rows, (i, j), (_, of_j) = self._rows(1, frames)
        own = angular[:, i[:, None], self.blocks[of_j]].flatten(2)
        f = torch.einsum("mqk,qdk->mqd", own, self.slopes[1][rows])
        return forces.index_add(1, i, f).index_add(1, j, -f)

    def _rows(
        self, kind: int, frames: Starts
    ) -> tuple[Tensor, tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Return the pairs of the frames, their atoms i, j as rows of the batch, and which elements
        these are.
        """
        start, index = self.starts[kind], self.indices[kind]
        chosen = torch.from_numpy(frames).to(start.device)
        counts = start[chosen + 1] - start[chosen]
        place = torch.repeat_interleave(torch.arange(len(chosen), device=start.device), counts)
        before = torch.cumsum(counts, 0) - counts
        rows = torch.arange(len(place), device=start.device) + (start[chosen] - before)[place]
        sizes = self.atoms[chosen + 1] - self.atoms[chosen]
        batch = torch.cumsum(sizes, 0) - sizes
        atoms = index[rows] + batch[place, None]
        kinds = self.numbers[index[rows] + self.atoms[chosen][place, None]]
        return rows, atoms.unbind(1), kinds.unbind(1)
