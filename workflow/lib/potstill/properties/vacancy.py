"""Vacancy formation energy, at the crystal's volume."""

from potstill.properties import Conditions, Measured, Value
from potstill.properties.metal import Metal


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return E(N - 1 atoms) - (N - 1) E(crystal's atom)."""
    atoms = metal.supercell(conditions.settings.vacancy_edge_A)
    del atoms[0]
    return Measured([Value("vacancy formation energy", "eV", metal.excess_energy(atoms))])
