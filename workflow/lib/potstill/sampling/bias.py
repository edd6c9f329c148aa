"""The MOMT bias dH(H, O): a mesh of spline coefficients, learned by deposits of Gaussian hills.

The bias is a biquadratic B-spline in H and the square root of O, so it and its slopes are
continuous. (A liquid's O is 1 with a spread of a half in cells of any size, a crystal's most of N:
in the root one width of a hill serves both.) Beyond the enthalpy limits it goes on linearly with
slopes T0/T - 1 for T = T_low and T_high: there the run samples the ordinary isobaric ensemble at
those temperatures. Hills are deposited at the clamped enthalpy; without that the run sticks below
the mesh.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.runtime.compiled import njit

Floats = NDArray[np.float64]

# A place with less than this share of the usual density of O is the edge of what can be reached,
# where a flat histogram is not to be had.
EDGE_SHARE = 0.3
# The root's slope has no limit at O = 0; below this (a liquid is there once in 10^15) it stays.
LEAST_ORDER = 1e-4


class Mesh(NamedTuple):
    """Limits and tails of the bias mesh.

    h_low, h_high: enthalpy of the first and last node, eV (whole cell); o_high: order parameter of
    the last node (the first is at 0); tail_low, tail_high: d(dH)/dH beyond the limits.
    """

    h_low: float
    h_high: float
    o_high: float
    tail_low: float
    tail_high: float


@njit(cache=True, nogil=True)
def _stencil(t: float, nodes: int) -> tuple[int, float, float, float, float, float, float]:
    """Return the nearest node and the quadratic B-spline weights and slopes of it and its sides."""
    node = min(max(int(t + 0.5), 0), nodes - 1)
    u = t - node
    return (
        node,
        0.5 * (0.5 - u) ** 2,
        0.75 - u * u,
        0.5 * (0.5 + u) ** 2,
        u - 0.5,
        -2.0 * u,
        u + 0.5,
    )


@njit(cache=True, nogil=True)
def evaluate_bias(table: Floats, mesh: Mesh, h: float, o: float) -> tuple[float, float, float]:
    """Return dH (eV), d(dH)/dH and d(dH)/dO (eV) at enthalpy h (eV) and order parameter o.

    table: (nH, nO) spline coefficients, eV; the outermost are repeated outwards.
    """
    n_h, n_o = table.shape
    inside = min(max(h, mesh.h_low), mesh.h_high)
    scale_h = (n_h - 1) / (mesh.h_high - mesh.h_low)
    root = math.sqrt(max(o, LEAST_ORDER))
    scale_o = (n_o - 1) / math.sqrt(mesh.o_high)
    i, a0, a1, a2, da0, da1, da2 = _stencil((inside - mesh.h_low) * scale_h, n_h)
    j, b0, b1, b2, db0, db1, db2 = _stencil(root * scale_o, n_o)
    left, right = max(j - 1, 0), min(j + 1, n_o - 1)
    value = slope_h = slope_o = 0.0
    for step, a, da in ((-1, a0, da0), (0, a1, da1), (1, a2, da2)):
        row = min(max(i + step, 0), n_h - 1)
        f0, f1, f2 = table[row, left], table[row, j], table[row, right]
        along = b0 * f0 + b1 * f1 + b2 * f2
        value += a * along
        slope_h += da * along
        slope_o += a * (db0 * f0 + db1 * f1 + db2 * f2)
    slope_o *= scale_o / (2.0 * root)
    if h < mesh.h_low:
        return value + mesh.tail_low * (h - mesh.h_low), mesh.tail_low, slope_o
    if h > mesh.h_high:
        return value + mesh.tail_high * (h - mesh.h_high), mesh.tail_high, slope_o
    return value, slope_h * scale_h, slope_o


@njit(cache=True, nogil=True)
def deposit(
    table: Floats, mesh: Mesh, h: float, o: float, height: float, width_h: float, width_o: float
) -> None:
    """Add a hill of `height` (eV) at (h, o), h clamped to the mesh.

    It is Gaussian in H, of width_h (eV), and in the root of O, of width_o.
    """
    n_h, n_o = table.shape
    inside = min(max(h, mesh.h_low), mesh.h_high)
    step_h = (mesh.h_high - mesh.h_low) / (n_h - 1)
    step_o = math.sqrt(mesh.o_high) / (n_o - 1)
    root = math.sqrt(o)
    along_o = np.empty(n_o)
    for j in range(n_o):
        along_o[j] = math.exp(-0.5 * ((j * step_o - root) / width_o) ** 2)
    for i in range(n_h):
        factor = height * math.exp(-0.5 * ((mesh.h_low + i * step_h - inside) / width_h) ** 2)
        for j in range(n_o):
            table[i, j] += factor * along_o[j]


def hills_to_cover(mesh: Mesh, width_h: float, width_o: float) -> float:
    """Return how many hills of these widths (eV; 1) lie side by side on the mesh."""
    span = math.sqrt(mesh.o_high)
    return (mesh.h_high - mesh.h_low) * span / (2 * math.pi * width_h * width_o)


def hill_height(number: int, first: float, constant: int, last: float) -> float:
    """Return the height of the n-th hill, in the units of `first` and `last`.

    It is `first` up to `constant` deposits, then halves with every quarter as many more, down to
    last/n. With `last` kB T0 times `hills_to_cover` that is the 1/t law of Belardinelli and
    Pereyra, Phys. Rev. E 75, 046701 (2007), t the visits to a place: a slower decrease from `first`
    would leave the walkers pushed by their own fresh hills at the end of learning.
    """
    if number <= constant:
        return first
    halved = first * 0.5 ** (4 * (number - constant) / constant)
    return max(halved, min(first, last / number))


def order_nodes(mesh: Mesh, nodes: int) -> Floats:
    """Return the order parameters of the nodes, evenly spaced in their root."""
    return np.linspace(0, math.sqrt(mesh.o_high), nodes) ** 2


def flattening(order: Floats, mesh: Mesh, nodes: int, width: float) -> Floats:
    """Return the bias in O alone (nodes,), in kB T0, that makes a histogram of O flat.

    Deposits make the run flat over H and the root of O together. But the enthalpies that can be
    reached at one O are many in the liquid and few in the crystal, and a step of the root is a
    large one of O there. order: the visits, any shape; width: of the hills, in the root of O,
    over which they are smoothed.
    """
    root = np.linspace(0, math.sqrt(mesh.o_high), nodes)
    # cells in the middle of which the nodes are, but for the first and the last
    middles = (root[1:] + root[:-1]) / 2
    edges = np.concatenate([root[:1], middles, root[-1:]])
    counts, _ = np.histogram(np.sqrt(order), edges)
    kernel = np.exp(-0.5 * ((root[:, None] - root) / width) ** 2)
    density = (kernel @ counts) / (kernel @ np.diff(edges**2))
    usual = np.median(density[density > 0])
    bias: Floats = np.log(np.maximum(density, EDGE_SHARE * usual) / usual)
    return bias
