"""Intrinsic stacking fault of an FCC metal."""

import ase
import ase.build
import numpy as np

from potstill.properties import Conditions, Measured, Value
from potstill.properties.metal import Metal
from potstill.properties.surfaces import MILLIJOULE_PER_M2

# layers between a fault and its image, a multiple of three
LAYERS = 15


def faulted(metal: Metal) -> ase.Atoms:
    """Return {111} layers in a cell whose third edge leans by a Shockley partial.

    ASE moves each layer by (a1 + a2) / 3 from the one below; one such move more at the edge of the
    cell leaves a layer out of the order ABC, which is the intrinsic fault.
    """
    atoms = ase.build.fcc111(
        metal.symbol, (1, 1, LAYERS), a=metal.lattice_constant_A, periodic=True
    )
    height = LAYERS * metal.lattice_constant_A / np.sqrt(3)
    atoms.cell[2] = (atoms.cell[0] + atoms.cell[1]) / 3 + (0, 0, height)
    return atoms


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return (E - N E(crystal's atom)) / area, without stress across the fault.

    BCC metals have no stable fault, and no value.
    """
    if metal.structure != "fcc":
        return Measured([])
    atoms = faulted(metal)
    area = np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1]))
    energy = metal.excess_energy(atoms, relax_height=True) / area
    return Measured([Value("intrinsic stacking fault", "mJ/m2", energy / MILLIJOULE_PER_M2)])
