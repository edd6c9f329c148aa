"""Readers of a run's whole trace: the walk in (H, O) and the bias that was learned on the way."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.data.structures import Floats
from potstill.errors import PotstillError
from potstill.plots.read_arrays import read_datasets
from potstill.sampling.bias import Mesh, evaluate_bias
from potstill.sampling.floor import Floor


class Walk(NamedTuple):
    """A whole trace, learning or equilibration included.

    time: (T,) of one walker, ps; start: that of production; production: (T,) whether it is on;
    enthalpy (eV, whole cell), order, kinetic (K) and bias (eV) along the walk: (W, T).
    """

    time: Floats
    start: float
    production: NDArray[np.bool_]
    enthalpy: Floats
    order: Floats
    kinetic: Floats
    bias: Floats
    symbol: str
    atoms: int
    temperature: float
    floor: Floor

    def label(self, method: str) -> str:
        """Return the beginning of a figure's title."""
        return f"{self.symbol}, {self.atoms} atoms, {method} at {self.temperature:.0f} K"


def read_walk(path: Path) -> Walk:
    """Read a whole trace file."""
    names = ["step", "enthalpy", "order_parameter", "kinetic_temperature_K", "bias_energy"]
    arrays, attributes = read_datasets(path, names)
    start, picoseconds = attributes["production_start_step"], attributes["timestep_fs"] / 1000
    production = arrays["step"] > start
    floor, low = attributes["enthalpy_floor"]
    if not production.any():
        raise PotstillError(f"{path}: holds no production steps; let the run go on")
    return Walk(
        time=arrays["step"] * picoseconds,
        start=float(start * picoseconds),
        production=production,
        enthalpy=arrays["enthalpy"],
        order=arrays["order_parameter"],
        kinetic=arrays["kinetic_temperature_K"],
        bias=arrays["bias_energy"],
        symbol=str(attributes["symbol"]),
        atoms=int(attributes["atoms"]),
        temperature=float(attributes["temperature_K"]),
        floor=Floor(floor, low, int(attributes["atoms"])),
    )


def read_bias(path: Path) -> tuple[Floats, Floats, Floats]:
    """Return a learned bias (nH, nO) in eV on its nodes of H (nH,) in eV and O (nO,).

    The file holds spline coefficients; these are the values of the spline.
    """
    arrays, _ = read_datasets(path, ["bias", "enthalpy_nodes", "order_nodes"])
    table, h_nodes, o_nodes = arrays["bias"], arrays["enthalpy_nodes"], arrays["order_nodes"]
    # no node is beyond the limits, so the tails do not matter
    mesh = Mesh(h_nodes[0], h_nodes[-1], o_nodes[-1], 0.0, 0.0)
    values = [[evaluate_bias(table, mesh, h, o)[0] for o in o_nodes] for h in h_nodes]
    return np.array(values), h_nodes, o_nodes


def visited_nodes(enthalpy: Floats, order: Floats, h_nodes: Floats, o_nodes: Floats) -> Floats:
    """Return how many points lie in the cells of the mesh around each node, (nH, nO).

    Points beyond the limits of the enthalpy count at the limits, where they are deposited.
    """
    inside = np.clip(enthalpy.ravel(), h_nodes[0], h_nodes[-1])
    cells, _, _ = np.histogram2d(inside, order.ravel(), (h_nodes, o_nodes))
    around = np.pad(cells, 1)
    nodes: Floats = around[:-1, :-1] + around[1:, :-1] + around[:-1, 1:] + around[1:, 1:]
    return nodes
