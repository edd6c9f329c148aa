"""The memory that a training asks for, against what its frames and their derivatives take."""

from pathlib import Path

import numpy as np
import pytest

from potstill.data.frames import Frames, write_frames
from potstill.descriptors.symmetry_functions import pairs_bytes
from potstill.settings import KEPT_BYTES, Descriptor
from potstill.training.memory import FILE_BYTES, derivatives_MiB, training_memory_MiB

WIDE = Descriptor(angular_cutoff_A=4.5, angle_sections=6, angular_shifts=5)


@pytest.mark.parametrize("functions", [Descriptor(), WIDE])
def test_derivatives_are_those_of_the_pairs_that_there_are(
    thermal: Frames, tmp_path: Path, functions: Descriptor
) -> None:
    file = tmp_path / "frames.h5"
    write_frames(file, thermal)
    size = file.stat().st_size
    atoms = len(thermal.species)
    assert size / atoms == pytest.approx(FILE_BYTES, rel=0.1)
    density = thermal.atoms / float(np.linalg.det(thermal.cell[0]))
    taken = pairs_bytes(thermal, functions, thermal.elements, np.float32)
    got = derivatives_MiB(size / 2**20, functions, density)
    assert got == pytest.approx(taken / 2**20, rel=0.15)


def test_what_is_not_kept_is_not_asked_for() -> None:
    functions, density = Descriptor(), 0.09
    most = KEPT_BYTES / 2**20 / derivatives_MiB(1.0, functions, density)
    kept = training_memory_MiB(1.1 * most, functions, density)
    assert kept == pytest.approx(1500 + 60 * 1.1 * most + 1.5 * 1.1 * KEPT_BYTES / 2**20, abs=1)
    assert training_memory_MiB(1.3 * most, functions, density) == round(1500 + 60 * 1.3 * most)
