"""Random numbers, order parameter and bias of many walkers at once in torch.

The same functions as the compiled ones in `randoms`, `order` and `bias`, on any device.
"""

import math

import torch
from torch import Tensor

from potstill.sampling.bias import LEAST_ORDER, Mesh
from potstill.sampling.torch_eam import row_of


def _signed(word: int) -> int:
    return word - 2**64 if word >= 2**63 else word


# torch has no 64-bit unsigned arithmetic; the signed one wraps around to the same bits.
_GOLDEN = _signed(0x9E3779B97F4A7C15)
_MIX_1 = _signed(0xBF58476D1CE4E5B9)
_MIX_2 = _signed(0x94D049BB133111EB)


def _shifted(z: Tensor, bits: int) -> Tensor:
    """Return z >> bits with zeros moving in, where torch moves in the sign."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def uniforms(key: Tensor, counter: Tensor) -> Tensor:
    """Return numbers in (0, 1), the bits of `randoms.uniform`; key, counter: int64, broadcast."""
    z = key + (counter + 1) * _GOLDEN
    z = (z ^ _shifted(z, 30)) * _MIX_1
    z = (z ^ _shifted(z, 27)) * _MIX_2
    z = z ^ _shifted(z, 31)
    return (_shifted(z, 11).double() + 0.5) * 2.0**-53


def normals(key: Tensor, counter: int, count: int) -> Tensor:
    """Return standard normals (W, count) of W keys, as `randoms.fill_normals`; count is even."""
    numbers = torch.arange(counter, counter + count, device=key.device)
    u = uniforms(key[:, None], numbers).view(len(key), -1, 2)
    radius = torch.sqrt(-2.0 * torch.log(u[..., 0]))
    angle = 2.0 * math.pi * u[..., 1]
    return torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=-1).flatten(1)


def order_and_gradient(
    x: Tensor, length: Tensor, cells: int, vectors: Tensor
) -> tuple[Tensor, Tensor]:
    """Return O (W,) and its gradient (3, W, N), 1/A.

    x: (3, W, N) positions, A; length: (W,) edges, A; cells: n; vectors: (G, 3). See `order`.
    """
    k = 2.0 * math.pi * cells / length
    h = vectors.to(x.dtype)[:, :, None, None]
    phase = (h * x).sum(dim=1) * k[:, None]
    c, s = torch.cos(phase), torch.sin(phase)
    real, imaginary = c.sum(dim=-1), s.sum(dim=-1)
    scale = 1.0 / (len(vectors) * x.shape[2])
    order = (real.square() + imaginary.square()).sum(dim=0) * scale
    turn = imaginary[..., None] * c - real[..., None] * s
    return order, (turn[:, None] * h).sum(dim=0) * (2.0 * scale * k)[:, None]


def _stencil(t: Tensor, nodes: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return three nodes (3, W), kept on the mesh, and their spline weights and slopes (3, W)."""
    node = row_of(t + 0.5, nodes)
    u = t - node
    places = torch.stack([(node - 1).clamp(min=0), node, (node + 1).clamp(max=nodes - 1)])
    weights = torch.stack([0.5 * (0.5 - u).square(), 0.75 - u.square(), 0.5 * (0.5 + u).square()])
    return places, weights, torch.stack([u - 0.5, -2.0 * u, u + 0.5])


def evaluate_bias(table: Tensor, mesh: Mesh, h: Tensor, o: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return dH (eV), d(dH)/dH and d(dH)/dO (eV), each (W,), at h (eV) and o; see `bias`."""
    n_h, n_o = table.shape
    scale_h = (n_h - 1) / (mesh.h_high - mesh.h_low)
    root = o.clamp(min=LEAST_ORDER).sqrt()
    scale_o = (n_o - 1) / math.sqrt(mesh.o_high)
    inside = h.clamp(mesh.h_low, mesh.h_high)
    i, a, slope_a = _stencil((inside - mesh.h_low) * scale_h, n_h)
    j, b, slope_b = _stencil(root * scale_o, n_o)
    f = table[i[:, None], j[None]]
    along = (b * f).sum(dim=1)
    beyond = h - inside
    tail = torch.where(beyond < 0.0, mesh.tail_low * beyond, mesh.tail_high * beyond)
    value = (a * along).sum(dim=0) + tail
    slope_h = (slope_a * along).sum(dim=0) * scale_h
    slope_h = torch.where(h < mesh.h_low, mesh.tail_low, slope_h)
    slope_h = torch.where(h > mesh.h_high, mesh.tail_high, slope_h)
    slope_root = (a * (slope_b * f).sum(dim=1)).sum(dim=0) * scale_o
    return value, slope_h, slope_root / (2.0 * root)
