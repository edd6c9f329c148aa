"""Structures of nickel of many kinds and sizes, 2 to 108 atoms: what `relaxation.py` relaxes."""

import ase
import ase.build
import numpy as np

from potstill.data.structures import Structures
from potstill.runtime.streams import stream

SYMBOL = "Ni"
CRYSTALS = {
    "fcc": ase.build.bulk(SYMBOL, "fcc", a=3.516, cubic=True),
    "bcc": ase.build.bulk(SYMBOL, "bcc", a=2.79, cubic=True),
    "hcp": ase.build.bulk(SYMBOL, "hcp", a=2.486, c=4.06),
}
# repeats of the cells above, from 2 or 4 atoms to 108
REPEATS = [(1, 1, 1), (2, 1, 1), (2, 2, 1), (2, 2, 2), (3, 2, 2), (3, 3, 2), (3, 3, 3)]
SLABS = {ase.build.fcc111: 3.516, ase.build.fcc100: 3.516, ase.build.bcc110: 2.79}
VACUUM_A = 6.0
# standard deviations: of the components of the strain, and the largest of the positions, A
STRAIN, LARGEST_NOISE_A = 0.03, 0.15


def mixed_structures(count: int, *, seed: int = 1) -> Structures:
    """Return crystals (3 of 5), crystals with vacancies and slabs, strained, their atoms displaced.

    Slabs are open along z and as wide as vacuum allows; the others are periodic.
    """
    random = stream(seed, "benchmark", "mixed")
    images = []
    for number in range(count):
        kind = number % 5
        if kind < 3:
            image = _crystal(list(CRYSTALS)[kind], random, smallest=0)
        elif kind == 3:
            image = _crystal(random.choice(list(CRYSTALS)), random, smallest=2)
            del image[random.permutation(len(image))[: random.integers(1, 4)]]
        else:
            image = _slab(random)
        strain = STRAIN * random.normal(size=(3, 3))
        if kind == 4:
            strain[2, :2] = strain[:2, 2] = 0  # the plane stays where it is
        image.set_cell(image.cell.array @ (np.eye(3) + strain), scale_atoms=True)
        noise = random.uniform(LARGEST_NOISE_A / 5, LARGEST_NOISE_A)
        image.positions += noise * random.normal(size=image.positions.shape)
        images.append(image)
    return Structures.of_atoms(images)


def _crystal(name: str, random: np.random.Generator, *, smallest: int) -> ase.Atoms:
    image: ase.Atoms = CRYSTALS[name] * REPEATS[random.integers(smallest, len(REPEATS))]
    return image


def _slab(random: np.random.Generator) -> ase.Atoms:
    build = list(SLABS)[random.integers(len(SLABS))]
    width, layers = int(random.integers(1, 4)), int(random.integers(4, 9))
    return build(SYMBOL, (width, width, layers), a=SLABS[build], vacuum=VACUUM_A)


def sample_of_sizes(structures: Structures, count: int) -> np.ndarray:
    """Return which of the structures to take for `count` of all sizes, from the least on."""
    order = np.argsort(structures.sizes, kind="stable")
    return order[np.linspace(0, len(order) - 1, count).round().astype(int)]
