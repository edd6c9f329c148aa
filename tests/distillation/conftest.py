import ase.build
import numpy as np
import pytest

from potstill.data.frames import Frames, write_frames
from potstill.distillation.candidates import Candidates
from potstill.distillation.scores import BlockScores
from potstill.settings import Descriptor


@pytest.fixture
def make_set(tmp_path):
    """Return a function that writes a set of random frames and returns its path and frames."""

    def make(count, atoms=6, name="momt.h5", **columns):
        generator = np.random.default_rng(count)
        frames = Frames(
            symbol="Ni",
            positions=generator.random((count, atoms, 3)) * 5,
            cell=np.tile(np.eye(3) * 5, (count, 1, 1)),
            energy=generator.random(count),
            atomic_energies=generator.random((count, atoms)),
            forces=generator.random((count, atoms, 3)),
            stress=generator.random((count, 3, 3)),
            columns={
                "enthalpy": generator.random(count),
                "order_parameter": generator.random(count),
                **columns,
            },
        )
        path = tmp_path / name
        write_frames(path, frames)
        return path, frames

    return make


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
        return Candidates(
            symbol="Ni",
            positions=positions[kept:],
            cell=cell[kept:],
            kept_positions=positions[:kept],
            kept_cell=cell[:kept],
            descriptor=Descriptor(radial_shifts=6),
            scores=BlockScores("Ni", atomic_std, atomic_std.sum(axis=1), np.arange(count)),
            order=generator.random(count),
            enthalpy=generator.random(count),
        )

    return make
