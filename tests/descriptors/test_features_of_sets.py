"""Feature files of frames of several elements and sizes, read by models that know more elements."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from alloys import images

from potstill.data.frames import Frames, write_frames
from potstill.descriptors.feature_file import read_features, write_features
from potstill.descriptors.symmetry_functions import describe
from potstill.errors import PotstillError
from potstill.settings import Descriptor

DESCRIPTOR = Descriptor(radial_shifts=5, angular_shifts=2, angle_sections=3)


def made(folder: Path, frames: Frames) -> Path:
    write_frames(folder / "frames.h5", frames)
    write_features(folder / "frames.h5", DESCRIPTOR, threads=1, output=folder / "features.h5")
    return folder / "features.h5"


def test_frames_of_several_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("potstill.descriptors.feature_file._CHUNK_FRAMES", 7)
    frames = Frames.of_atoms(images(20))
    path = made(tmp_path, frames)
    expected = describe(frames, DESCRIPTOR, ("Be", "W")).astype(np.float32)
    assert len({*frames.sizes.tolist()}) > 3 and (expected > 1).any()
    with h5py.File(path) as store:
        assert store["features"].shape == expected.shape
    found = read_features(path, frames, DESCRIPTOR, ("Be", "W"))
    np.testing.assert_array_equal(found, expected)
    for other in (frames[:19], frames[np.arange(19, -1, -1)], frames[[0] * 20]):
        with pytest.raises(PotstillError, match=r"features\.h5: features of other frames"):
            read_features(path, other, DESCRIPTOR, ("Be", "W"))


@pytest.mark.parametrize(
    "symbols, known",
    [
        ("W", ("Be", "W")),
        ("Be", ("Be", "W")),
        ("C", ("Be", "C", "W")),
        ("WBe", ("Be", "C", "W")),
        ("WBe", ("H", "Be", "W")),
        ("CWBe", ("H", "Be", "C", "Si", "W")),
    ],
)
def test_a_model_that_knows_more_elements(
    tmp_path: Path, symbols: str, known: tuple[str, ...]
) -> None:
    """What it takes is what `describe` gives for all its elements."""
    kinds = [s for s in ("Be", "C", "W") if s in symbols]
    frames = images(12)
    for atoms in frames:
        atoms.symbols = [kinds[k % len(kinds)] for k in range(len(atoms))]
    several = Frames.of_atoms(frames)
    path = made(tmp_path, several)
    expected = describe(several, DESCRIPTOR, known).astype(np.float32)
    found = read_features(path, several, DESCRIPTOR, known)
    np.testing.assert_array_equal(found, expected)
    assert found.shape[1] == 5 * len(known) + 6 * len(known) * (len(known) + 1) // 2


def test_frames_of_one_size_keep_their_shape(tmp_path: Path) -> None:
    one = Frames.of_atoms([atoms for atoms in images(24) if len(atoms) == 4])
    path = made(tmp_path, one)
    with h5py.File(path) as store:
        assert store["features"].shape == (len(one), 4, 5 + 6)
    found = read_features(path, one, DESCRIPTOR, one.elements)
    np.testing.assert_array_equal(found, describe(one, DESCRIPTOR, ("W",)).astype(np.float32))
