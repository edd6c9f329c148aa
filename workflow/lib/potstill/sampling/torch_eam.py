"""EAM energy and forces of many walkers at once, in torch: `potentials.kernel` batched.

Same tables, same energy, on any device. Arrays have the coordinate first, (3, W, N), so that every
operation runs over contiguous memory. Each atom has a full, padded row of neighbours and gathers
from it: nothing is scattered, so results do not depend on the order of threads.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from potstill.potentials.eam_kernel import Tables

# Candidate pairs looked at together when lists are built; bounds the memory of a build.
BLOCK = 2**24
# Shift, in cell edges, of the entries that pad a row: the atom's own image out of every range.
FAR = 1e4


class TorchTables(NamedTuple):
    """`potentials.kernel.Tables` on a device.

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
    edges; counts: (W,) listed neighbours of a walker.
    """

    partner: Tensor
    image: Tensor
    counts: Tensor


def row_of(t: Tensor, rows: int) -> Tensor:
    """Return int(t) kept within [0, rows - 1], 0 for NaN: a table is never read outside."""
    return t.nan_to_num(0.0).clamp_(0, rows - 1).long()


def _gathered(columns: Tensor, index: Tensor) -> Tensor:
    """Return columns (C, K) at index (W, N, M): (C, W, N, M)."""
    flat = index.view(1, -1).expand(len(columns), -1)
    return columns.gather(1, flat).view(len(columns), *index.shape)


def image_range(length: float, reach: float) -> int:
    """Return how many images a side of the nearest one can lie within `reach` (A)."""
    return int(reach / length + 0.5)


def _pairs(x: Tensor, length: Tensor, reach: float, images: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return row (P,), partner atom (P,) and image (3, P) of all pairs of some walkers in range.

    x: (3, w, N); rows count the w N atoms and come in order.
    """
    _, walkers, atoms = x.shape
    scaled = x / length[:, None]
    apart = scaled[:, :, None, :] - scaled[:, :, :, None]
    base = -torch.round(apart)
    around = torch.arange(-images, images + 1, dtype=x.dtype, device=x.device)
    a, b, c = ((apart + base)[..., None] + around).square()
    squared = a[..., :, None, None] + b[..., None, :, None] + c[..., None, None, :]
    near = (
        squared.reshape(walkers, atoms, atoms, -1) < (reach / length).square()[:, None, None, None]
    )
    itself = torch.arange(atoms, device=x.device)
    near[:, itself, itself, near.shape[-1] // 2] = False
    walker, i, j, image = near.nonzero(as_tuple=True)
    side = 2 * images + 1
    offset = torch.stack([image // side**2, image // side % side, image % side]) - images
    return walker * atoms + i, j, base[:, walker, i, j] + offset


def build_neighbours(x: Tensor, length: Tensor, reach: float, images: int) -> Neighbours:
    """Return the lists of all pairs closer than `reach` (A).

    x: (3, W, N) positions, A; length: (W,) edges of the cubic cells, A; images: at least
    `image_range` of the smallest cell. Coordinates that are not finite have no neighbours.
    """
    _, walkers, atoms = x.shape
    block = max(1, BLOCK // (atoms**2 * (2 * images + 1) ** 3))
    rows, partners, shifts = [], [], []
    for first in range(0, walkers, block):
        chosen = slice(first, first + block)
        row, j, image = _pairs(x[:, chosen], length[chosen], reach, images)
        row += first * atoms
        rows.append(row)
        partners.append(row // atoms * atoms + j)
        shifts.append(image)
    row = torch.cat(rows)
    ends = torch.searchsorted(row, torch.arange(walkers * atoms, device=x.device), right=True)
    counts = torch.diff(ends, prepend=ends.new_zeros(1))
    slot = torch.arange(len(row), device=x.device) - (ends - counts)[row]
    width = int(counts.max())
    own = torch.arange(walkers * atoms, device=x.device)
    partner = own[:, None].repeat(1, width)
    partner[row, slot] = torch.cat(partners)
    image = x.new_full((3, walkers * atoms, width), FAR)
    image[:, row, slot] = torch.cat(shifts, dim=1)
    shape = (walkers, atoms, width)
    return Neighbours(
        partner.view(shape), image.view(3, *shape), counts.view(walkers, atoms).sum(dim=1)
    )


def energy_forces(
    x: Tensor, length: Tensor, neighbours: Neighbours, tables: TorchTables
) -> tuple[Tensor, Tensor]:
    """Return energies (W,) eV and forces (3, W, N) eV/A; see `potentials.kernel.energy_forces`.

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
    tension = (3.0 * e3 * inside + 2.0 * e2) * inside + e1
    atomic = ((e3 * inside + e2) * inside + e1) * inside + e0
    atomic += tension * (u - inside)  # denser than the table ends: straight on
    tension *= tables.rho_scale

    both = _gathered(tension.view(1, -1), partner)[0].add_(tension[..., None])
    force = (both * slope[0]).add_(slope[1], alpha=2.0) * (2.0 * tables.s_scale)
    return (atomic + energy).sum(dim=-1), (force * apart).sum(dim=-1)
