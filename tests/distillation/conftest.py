import numpy as np
import pytest

from potstill.frames import Frames, write_frames


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
