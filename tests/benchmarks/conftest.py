"""Frames that the benchmarks are tested on."""

from pathlib import Path

import numpy as np
import pytest

from potstill.data.frames import write_frames
from potstill.data.structures import Structures
from potstill.potentials.eam import EamPotential, label_frames

FCC = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])


@pytest.fixture(scope="session")
def frames(tables: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """36 frames of 32 nickel atoms, displaced by 0.05 to 0.2 A."""
    random = np.random.default_rng(1)
    corners = np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
    crystal = 3.55 * (corners + FCC).reshape(-1, 3)
    noise = np.linspace(0.05, 0.2, 36)[:, None, None]
    positions = crystal + noise * random.normal(size=(36, 32, 3))
    cell = np.broadcast_to(7.1 * np.eye(3), (36, 3, 3)).copy()
    potential = EamPotential.from_file(tables["Ni-Nb"], "Ni")
    path = tmp_path_factory.mktemp("frames") / "frames.h5"
    write_frames(path, label_frames(potential, Structures.uniform("Ni", positions, cell)))
    return path
