import ase.build
import numpy as np
import pytest

from potstill.data.structures import Structures
from potstill.distillation.candidates import Candidates
from potstill.distillation.scores import BlockScores
from potstill.settings import Descriptor


@pytest.fixture
def make_candidates():
    """Return a function that makes candidates: jittered crystals with scores, H and O."""

    def make(count, kept=0, atomic_std=None, seed=0):
        generator = np.random.default_rng(seed)
        crystal = ase.build.bulk("Ni", "fcc", a=3.52, cubic=True)
        total = count + kept
        # from nearly perfect to molten, as a sampled set has it
        width = np.linspace(0.02, 0.4, total)[:, None, None]
        positions = crystal.positions + width * generator.normal(size=(total, 4, 3))
        cell = np.tile(crystal.cell.array, (total, 1, 1))
        if atomic_std is None:
            atomic_std = generator.random((count, 4))
        own = Structures.uniform("Ni", positions[kept:], cell[kept:])
        return Candidates(
            own,
            Structures.uniform("Ni", positions[:kept], cell[:kept]),
            descriptor=Descriptor(radial_shifts=6),
            scores=BlockScores(
                "Ni",
                own.start,
                atomic_std.ravel(),
                atomic_std.sum(axis=1),
                np.arange(count),
                force_std=atomic_std.ravel(),
            ),
            order=generator.random(count),
            enthalpy=generator.random(count),
        )

    return make
