"""The enthalpy floor: what keeps the walkers of a large cell out of crystals that lie askew.

A melt in a cube of three or more cells a side freezes more often askew than into the crystal that
fills the cube: with 108 atoms of FCC the four twins fit as well, because there are whole stacks of
three close-packed planes in all four directions. To the order parameter such a crystal looks like a
melt or like one half-way to the crystal (a twin is at N/4); only its enthalpy is that of a solid.
There the bias knows nothing that leads out, and walkers stay for the rest of the run.

The floor is an enthalpy below which no melt and no half-way cell lies at this order parameter: a
flat part at small O, then a line down to the low limit of the mesh, reached before the crystal. It
stands in the bias as a wall, before anything is learned. What is below is not part of the ensemble,
and averages leave those points out. What is learned ends at the floor: deposits of walkers below it
would fill the hollow before the wall, where a crystal then lies at rest.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.sampling.bias import Mesh, order_nodes

Floats = NDArray[np.float64]

# O/N at which the floor leaves its height, and at which it has come down to the low limit.
LEAVES, ENDS = 0.22, 0.5
# Below the floor the wall rises by 10 kB T0 in the first 24th of the floor's height above `low`,
# as a parabola, to 200: as steep, against thermal fluctuations, for every metal.
STEP_SHARE, STEP_KT, HIGHEST_KT = 1 / 24, 10.0, 200.0


class Floor(NamedTuple):
    """A floor at `enthalpy` above `low`, the limit of the mesh: eV, whole cell of `atoms`.

    With the two equal there is none.
    """

    enthalpy: float
    low: float
    atoms: int

    def height(self, order: Floats) -> Floats:
        """Return the least enthalpy (eV) at each order parameter, -inf where all is allowed."""
        if self.enthalpy <= self.low:
            return np.full(order.shape, -np.inf)
        line = np.interp(order / self.atoms, (LEAVES, ENDS), (self.enthalpy, self.low))
        return np.where(order < ENDS * self.atoms, line, -np.inf)

    def below(self, enthalpy: Floats, order: Floats) -> NDArray[np.bool_]:
        """Return which points (enthalpy in eV) are below the floor, out of the ensemble."""
        mask: NDArray[np.bool_] = enthalpy < self.height(order)
        return mask

    def wall(self, mesh: Mesh, nodes: tuple[int, int], kT: float) -> Floats:
        """Return the bias table (eV) of the wall; kT: kB T0, eV."""
        if self.enthalpy <= self.low:
            return np.zeros(nodes)
        enthalpy = np.linspace(mesh.h_low, mesh.h_high, nodes[0])
        height = self.height(order_nodes(mesh, nodes[1]))
        step = STEP_SHARE * (self.enthalpy - self.low)
        depth = np.maximum(height - enthalpy[:, None], 0) / step
        return kT * np.minimum(STEP_KT * depth**2, HIGHEST_KT)

    def level(self, bias: Floats, mesh: Mesh, kT: float) -> Floats:
        """Return a bias table (eV) whose learned part is below the floor what it is at the floor.

        There the wall alone has a slope in H, which heats whatever lies below.
        """
        wall = self.wall(mesh, bias.shape, kT)
        learned = bias - wall
        enthalpy = np.linspace(mesh.h_low, mesh.h_high, len(bias))
        below = enthalpy[:, None] < self.height(order_nodes(mesh, bias.shape[1]))
        at_floor = learned[below.sum(axis=0), np.arange(bias.shape[1])]
        return np.where(below, at_floor, learned) + wall


def no_floor(atoms: int) -> Floor:
    """Return the floor of a run that has none."""
    return Floor(-np.inf, -np.inf, atoms)
