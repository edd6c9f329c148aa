"""Frames of copper as another program's file has them, labelled by ASE's EMT."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase
import ase.build
import ase.io
import numpy as np
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator


@dataclass
class Labelled:
    """A frame and its labels by ASE's names, which a test may spoil before the file is written."""

    atoms: ase.Atoms
    labels: dict[str, Any]


def emt_frames(count: int = 60, seed: int = 1) -> list[Labelled]:
    """Return strained copper cells of 32 atoms with random displacements."""
    draw = np.random.default_rng(seed)
    frames = []
    for _ in range(count):
        atoms = ase.build.bulk("Cu", cubic=True) * (2, 2, 2)
        strain = np.eye(3) + draw.uniform(-0.03, 0.03, (3, 3))
        atoms.set_cell(atoms.cell.array @ (strain + strain.T) / 2, scale_atoms=True)
        atoms.positions += draw.normal(0, 0.1, atoms.positions.shape)
        calculator = EMT(asap_cutoff=True)
        labels = {
            name: calculator.get_property(name, atoms) for name in ("energy", "forces", "stress")
        }
        frames.append(Labelled(atoms, labels))
    return frames


def alloys(count: int, seed: int = 1) -> list[Labelled]:
    """Return cells of 4 to 16 atoms of copper, gold or both; of four, one is a slab, one a cluster.

    A cluster has no cell and no stress.
    """
    draw = np.random.default_rng(seed)
    frames = []
    for number in range(count):
        atoms = ase.build.bulk("Cu", cubic=True) * ((1, 1, 1), (2, 1, 1), (2, 2, 1))[number % 3]
        share = (0.0, 0.5, 1.0)[number // 3 % 3]
        atoms.symbols[draw.random(len(atoms)) < share] = "Au"
        stretch = (1 + 0.12 * share) * np.eye(3) + draw.uniform(-0.03, 0.03, (3, 3))
        atoms.set_cell(atoms.cell.array @ stretch, scale_atoms=True)
        atoms.positions += draw.normal(0, 0.08, atoms.positions.shape)
        if number % 4 == 1:
            atoms.pbc[2] = False
            atoms.cell[2] *= 2
        names = ["energy", "forces", "stress"]
        if number % 4 == 2:
            atoms.pbc, atoms.cell = False, np.zeros((3, 3))
            names.remove("stress")
        calculator = EMT(asap_cutoff=True)
        labels = {name: calculator.get_property(name, atoms) for name in names}
        frames.append(Labelled(atoms, labels))
    return frames


def write_xyz(path: Path, frames: list[Labelled]) -> Path:
    """Write frames as ASE writes extended XYZ."""
    for frame in frames:
        frame.atoms.calc = SinglePointCalculator(frame.atoms, **frame.labels)
    ase.io.write(path, [frame.atoms for frame in frames], format="extxyz")
    return path
