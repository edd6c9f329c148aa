"""Frames of tungsten and beryllium of several sizes, as a public set has them, and scores."""

import ase
import ase.build
import numpy as np

from potstill.data.structures import Structures
from potstill.distillation.scores import BlockScores

CRYSTALS = (
    ase.build.bulk("W", "bcc", a=3.18),
    ase.build.bulk("W", "bcc", a=3.18, cubic=True) * (2, 1, 1),
    ase.build.bulk("Be", "hcp", a=2.29, c=3.58),
    ase.build.bulk("Be", "hcp", a=2.29, c=3.58) * (2, 2, 1),
    ase.build.bulk("WBe", "cesiumchloride", a=2.8) * (2, 2, 2),
    ase.build.bulk("WBe", "zincblende", a=4.7, cubic=True),
)


def images(count: int, seed: int = 0) -> list[ase.Atoms]:
    """Return frames of one to sixteen atoms, from nearly perfect to molten; some are slabs."""
    generator = np.random.default_rng(seed)
    frames = []
    for k in range(count):
        atoms = CRYSTALS[k % len(CRYSTALS)].copy()
        atoms.positions += (0.02 + 0.3 * k / count) * generator.normal(size=(len(atoms), 3))
        atoms.pbc[2] = k % 5 != 4
        frames.append(atoms)
    return frames


def random_scores(frames: Structures, seed: int = 0) -> BlockScores:
    """Return scores of frames, drawn at random."""
    generator = np.random.default_rng(seed)
    atomic, energy = generator.random(len(frames.species)), generator.random(len(frames))
    force = generator.random(len(frames.species))
    return BlockScores(frames.symbol, frames.start, atomic, energy, np.arange(len(frames)), force)
