"""Vacancy formation energy, at the crystal's volume."""

from math import ceil

from potstill.properties import Conditions, Measured, Value
from potstill.properties.metal import Metal

# Shortest edge of the cell, A: the energy is then within 2 meV of that of far larger cells.
EDGE_A = 13.0


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return E(N - 1 atoms) - (N - 1) E(crystal's atom)."""
    atoms = metal.crystal().repeat(ceil(EDGE_A / metal.lattice_constant_A))
    del atoms[0]
    return Measured([Value("vacancy formation energy", "eV", metal.excess_energy(atoms))])
