"""Crystals strained and shaken: what a walk between solid and liquid at one pressure lacks.

Frames of such a walk are hot and wide. A model of them alone extrapolates to cold, dense and
sheared crystals, and to kinds of crystals that the walk does not visit.
"""

from typing import NamedTuple

import ase
import numpy as np
from numpy.typing import NDArray

from potstill.foundation.metal_crystal import MetalCrystal, conventional_cell
from potstill.runtime.streams import stream
from potstill.settings import CrystalName

# Volume of an atom, in that of the metal's own crystal: the limits of a uniform distribution.
VOLUMES = (0.9, 1.1)
# Standard deviation of each component of the strain beside it.
STRAIN = 0.02
# Largest standard deviation of a displacement along x, y or z, in the cube root of that volume.
SHAKE = 0.05


class Crystals(NamedTuple):
    """M crystals of N atoms: fractional (M, N, 3), and cell (M, 3, 3).

    Lengths are in the cube root of the volume of an atom in the metal's own crystal.
    """

    fractional: NDArray[np.float64]
    cell: NDArray[np.float64]


def strained_crystals(each: int, seed: int) -> Crystals:
    """Return so many crystals of 32 atoms each of FCC, BCC and HCP, drawn at random.

    See `VOLUMES`, `STRAIN` and `SHAKE`; how far the atoms of a crystal are shaken is drawn as well,
    uniformly from 0 on. HCP has the ideal c/a before its strain.
    """
    images = [
        _strained(perfect, stream(seed, "foundation", name, number))
        for name, perfect in perfect_crystals().items()
        for number in range(each)
    ]
    return Crystals(
        np.array([image.get_scaled_positions() for image in images]),
        np.array([image.cell.array for image in images]),
    )


def perfect_crystals() -> dict[str, ase.Atoms]:
    """Return FCC, BCC and HCP of 32 atoms of volume one, without an element."""
    repeats: dict[CrystalName, tuple[int, int, int]] = {
        "fcc": (2, 2, 2),
        "bcc": (4, 2, 2),
        "hcp": (2, 2, 2),
    }
    return {name: conventional_cell("X", name, 1.0) * times for name, times in repeats.items()}


def perfect_cell(crystal: MetalCrystal, structure: CrystalName | None = None) -> ase.Atoms:
    """Return 32 atoms of a metal's crystal, or of another structure at its volume.

    HCP has the ideal c/a, at this volume.
    """
    return _of_metal(crystal, perfect_crystals()[structure or crystal.structure])


def strained_cell(
    crystal: MetalCrystal, structure: CrystalName, random: np.random.Generator
) -> ase.Atoms:
    """Return 32 atoms of a structure of a metal, strained and shaken as those of the set."""
    return _of_metal(crystal, _strained(perfect_crystals()[structure], random))


def _of_metal(crystal: MetalCrystal, atoms: ase.Atoms) -> ase.Atoms:
    """Return atoms, made for a volume of one each, as those of a metal at its volume."""
    atoms.symbols[:] = crystal.symbol
    atoms.set_cell(atoms.cell * crystal.volume_A3 ** (1 / 3), scale_atoms=True)
    return atoms


def _strained(perfect: ase.Atoms, random: np.random.Generator) -> ase.Atoms:
    atoms = perfect.copy()
    strain = random.normal(0, STRAIN, (3, 3))
    strain = (strain + strain.T) / 2
    strain -= np.eye(3) * np.trace(strain) / 3
    size = random.uniform(*VOLUMES) ** (1 / 3)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain) * size, scale_atoms=True)
    shake = random.uniform(0, SHAKE)
    atoms.positions += random.normal(0, shake, atoms.positions.shape)
    return atoms
