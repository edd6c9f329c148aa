"""EAM energy and forces of many walkers at once, in torch: `potentials.eam_kernel` batched.

Same tables, same energy, on any device. Arrays have the coordinate first, (3, W, N), so that every
operation runs over contiguous memory. Each atom has a full, padded row of neighbours and gathers
from it: nothing is scattered, so results do not depend on the order of threads.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from potstill.potentials.eam_kernel import Tables

# Shift, in cell edges, of the entries that pad a row: the atom's own image out of every range.
FAR = 1e4
# A cell that needs more images a side, or more neighbours an atom (six times those of a metal at
# its melting point), has collapsed.
MAX_IMAGES, MAX_NEIGHBOURS = 3, 500


class Collapsed(Exception):
    """The lists of a walker have no room, because its cell has collapsed."""

    def __init__(self, walker: int) -> None:
        super().__init__(walker)
        self.walker = walker


class TorchTables(NamedTuple):
    """`potentials.eam_kernel.Tables` on a device.

    pair: (8, K + 1), its last column zero, for pairs out of range; embedding: (4, M); the numbers
    as in `Tables`.
    """

    pair: Tensor
    s_low: float
    s_scale: float
    s_cut: float
    embedding: Tensor
    rho_scale: float

    @classmethod
    def of(cls, tables: Tables, device: torch.device) -> "TorchTables":
        """Copy the compiled kernel's tables to `device`."""
        padded = np.concatenate([tables.pair.T, np.zeros((8, 1))], axis=1)
        return cls(
            torch.from_numpy(padded).to(device),
            tables.s_low,
            tables.s_scale,
            tables.s_cut,
            torch.from_numpy(np.ascontiguousarray(tables.embedding.T)).to(device),
            tables.rho_scale,
        )


class Neighbours(NamedTuple):
    """Full neighbour lists of W walkers, N atoms each, padded to M entries an atom.

    partner: (W, N, M) index into the W N atoms; image: (3, W, N, M) shift of the partner in cell
    edges; origin (3, W, N) and built (W,): the positions and edges (A) at which they were made.
    """

    partner: Tensor
    image: Tensor
    origin: Tensor
    built: Tensor


def row_of(t: Tensor, rows: int) -> Tensor:
    """Return int(t) kept within [0, rows - 1], 0 for NaN: a table is never read outside."""
    return t.nan_to_num(0.0).clamp_(0, rows - 1).long()


def _gathered(columns: Tensor, index: Tensor) -> Tensor:
    """Return columns (C, K) at index (W, N, M): (C, W, N, M)."""
    flat = index.view(1, -1).expand(len(columns), -1)
    return columns.gather(1, flat).view(len(columns), *index.shape)


def build_neighbours(x: Tensor, length: Tensor, reach: float) -> Neighbours:
    """Return the lists of all pairs closer than `reach` (A); Collapsed if there is no room.

    x: (3, W, N) positions, A; length: (W,) edges of the cubic cells, A. Coordinates that are not
    finite have no neighbours.
    """
    _, walkers, atoms = x.shape
    smallest = float(length.min())
    if not smallest * (MAX_IMAGES + 0.5) > reach:  # NaN, too
        raise Collapsed(int(length.argmin()))
    images = int(reach / smallest + 0.5)  # a side of the nearest one
    row, partner, shift = _pairs(x, length, reach, images)
    ends = torch.searchsorted(row, torch.arange(walkers * atoms, device=x.device), right=True)
    counts = torch.diff(ends, prepend=ends.new_zeros(1))
    of_walkers = counts.view(walkers, atoms).sum(dim=1)
    fullest = int(torch.argmax(of_walkers))
    if int(of_walkers[fullest]) > MAX_NEIGHBOURS * atoms:
        raise Collapsed(fullest)
    slot = torch.arange(len(row), device=x.device) - (ends - counts)[row]
    width = int(counts.max())
    own = torch.arange(walkers * atoms, device=x.device)
    padded = own[:, None].repeat(1, width)
    padded[row, slot] = partner
    image = x.new_full((3, walkers * atoms, width), FAR)
    image[:, row, slot] = shift
    shape = (walkers, atoms, width)
    return Neighbours(padded.view(shape), image.view(3, *shape), x, length)


def _pairs(x: Tensor, length: Tensor, reach: float, images: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the two atoms of all ordered pairs in range, (P,) each, and the second's image (3, P).

    x: (3, W, N); the first atoms, numbered through all walkers, come in order.
    """
    _, walkers, atoms = x.shape
    scaled = x / length[:, None]
    apart = scaled[:, :, None, :] - scaled[:, :, :, None]
    base = -torch.round(apart)
    around = torch.arange(-images, images + 1, dtype=x.dtype, device=x.device)
    a, b, c = ((apart + base)[..., None] + around).square()
    squared = a[..., :, None, None] + b[..., None, :, None] + c[..., None, None, :]
    limit = (reach / length).square()[:, None, None, None]
    within = squared.reshape(walkers, atoms, atoms, -1) < limit
    itself = torch.arange(atoms, device=x.device)
    within[:, itself, itself, within.shape[-1] // 2] = False
    walker, i, j, image = within.nonzero(as_tuple=True)
    side = 2 * images + 1
    offset = torch.stack([image // side**2, image // side % side, image % side]) - images
    return walker * atoms + i, walker * atoms + j, base[:, walker, i, j] + offset


def energy_forces(
    x: Tensor, length: Tensor, neighbours: Neighbours, tables: TorchTables
) -> tuple[Tensor, Tensor]:
    """Return energies (W,) eV and forces (3, W, N) eV/A; see `eam_kernel.energy_forces`.

    x: (3, W, N) positions, A; length: (W,) edges of the cubic cells, A; neighbours: lists that hold
    every pair in range. Forces are the exact derivative of the tabulated energy.
    """
    partner, image = neighbours.partner, neighbours.image
    apart = _gathered(x.reshape(3, -1), partner)
    apart.addcmul_(image, length[:, None, None]).sub_(x[..., None])
    s = apart[0].square().addcmul_(apart[1], apart[1]).addcmul_(apart[2], apart[2])
    outside = tables.pair.shape[1] - 1
    t = (s - tables.s_low) * tables.s_scale
    row = row_of(t, outside)
    u = t.clamp(min=0.0) - row
    row.masked_fill_(~(s < tables.s_cut), outside)
    c0, c1, c2, c3 = _gathered(tables.pair, row).view(4, 2, *row.shape)
    slope = (3.0 * c3 * u).add_(c2, alpha=2.0).mul_(u).add_(c1)
    value = (c3 * u).add_(c2).mul_(u).add_(c1).mul_(u).add_(c0)
    value += slope * t.clamp(max=0.0)  # closer than the table starts: straight on
    density, energy = value.sum(dim=-1)

    t = density * tables.rho_scale
    knot = row_of(t, tables.embedding.shape[1])
    u = t - knot  # negative where the density is: the first cubic goes on, as in LAMMPS
    e0, e1, e2, e3 = tables.embedding[:, knot]
    inside = u.clamp(max=1.0)
    derivative = (3.0 * e3 * inside + 2.0 * e2) * inside + e1
    atomic = ((e3 * inside + e2) * inside + e1) * inside + e0
    atomic += derivative * (u - inside)  # denser than the table ends: straight on
    derivative *= tables.rho_scale

    both = _gathered(derivative.view(1, -1), partner)[0].add_(derivative[..., None])
    force = (both * slope[0]).add_(slope[1], alpha=2.0) * (2.0 * tables.s_scale)
    return (atomic + energy).sum(dim=-1), (force * apart).sum(dim=-1)
