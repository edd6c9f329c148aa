"""Energies of low-index surfaces, of relaxed slabs."""

from math import ceil

import ase
import ase.build
import numpy as np
from ase import units

from potstill.properties import Conditions, Measured, Value
from potstill.properties.metal import Metal

# as ASE's functions name them, which have prism planes of hcp with another end than the stable one
FACES = {"fcc": ("111", "100", "110"), "bcc": ("111", "100", "110"), "hcp": ("0001",)}
# A; both are further than any neighbour counts, so that the slab's inside is the crystal
THICKNESS_A, VACUUM_A = 25.0, 16.0
MILLIJOULE_PER_M2 = 1e-6 * units.kJ / units.m**2


def slab(metal: Metal, face: str) -> ase.Atoms:
    """Return a slab of one atom a layer; the surface cannot reconstruct in so small a cell."""
    build = getattr(ase.build, f"{metal.structure}{face}")
    layer = build(metal.symbol, (1, 1, 2), **metal.lattice).positions[:, 2]
    size = (1, 1, 1 + ceil(THICKNESS_A / np.ptp(layer)))
    return build(metal.symbol, size, **metal.lattice, vacuum=VACUUM_A / 2, periodic=True)


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return (E - N E(crystal's atom)) / (2 area)."""
    values = []
    for face in FACES[metal.structure]:
        atoms = slab(metal, face)
        area = np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1]))
        energy = metal.excess_energy(atoms) / (2 * area)
        values.append(Value(f"surface {face}", "mJ/m2", energy / MILLIJOULE_PER_M2))
    return Measured(values)
