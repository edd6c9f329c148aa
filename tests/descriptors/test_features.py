"""Feature files: what is in them, and that they are not taken for those of other frames."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from potstill.data.frames import Frames, write_frames
from potstill.descriptors.feature_file import read_features, write_features
from potstill.descriptors.symmetry_functions import describe
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.predict import predict_energies
from potstill.settings import Descriptor

DESCRIPTOR, NICKEL = Descriptor(), ("Ni",)


@pytest.fixture
def file(labelled: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("potstill.descriptors.feature_file._CHUNK_FRAMES", 7)
    write_frames(tmp_path / "frames.h5", labelled)
    write_features(tmp_path / "frames.h5", DESCRIPTOR, threads=1, output=tmp_path / "features.h5")
    return tmp_path / "features.h5"


def test_features_of_every_frame(file: Path, labelled: Frames) -> None:
    found = read_features(file, labelled, DESCRIPTOR, NICKEL)
    expected = describe(labelled, DESCRIPTOR, NICKEL)
    np.testing.assert_array_equal(found, expected.astype(np.float32))


def test_energies_from_features(file: Path, labelled: Frames, ensemble: Ensemble) -> None:
    expected = ensemble.predict(labelled, forces=False).atomic_energies
    assert expected is not None and expected.std() > 0.1
    described, species = describe(labelled, DESCRIPTOR, NICKEL), labelled.species
    same = predict_energies(ensemble, described, species)
    np.testing.assert_allclose(same, expected, rtol=1e-12)
    features = read_features(file, labelled, DESCRIPTOR, NICKEL)
    rounded = predict_energies(ensemble, features, species)
    np.testing.assert_allclose(rounded, expected, rtol=0, atol=3e-6)
    single = predict_energies(ensemble.single(), features, species)
    np.testing.assert_allclose(single, expected, rtol=0, atol=1e-5)


def test_features_of_other_frames(file: Path, labelled: Frames) -> None:
    moved = labelled[np.arange(59, -1, -1)]
    other = DESCRIPTOR.model_copy(update={"radial_eta": 13.0})
    fewer = DESCRIPTOR.model_copy(update={"radial_shifts": 23})
    for frames, descriptor in (
        (labelled[:59], DESCRIPTOR),
        (moved, DESCRIPTOR),
        (labelled, other),
        (labelled, fewer),
    ):
        with pytest.raises(PotstillError, match=r"features\.h5: features of other frames"):
            read_features(file, frames, descriptor, NICKEL)


def test_missing_and_broken_files(file: Path, labelled: Frames, tmp_path: Path) -> None:
    with pytest.raises(PotstillError, match=r"none\.h5: no such feature file"):
        read_features(tmp_path / "none.h5", labelled, DESCRIPTOR, NICKEL)
    (tmp_path / "short.h5").write_bytes(file.read_bytes()[:1000])
    with h5py.File(tmp_path / "empty.h5", "w"):
        pass
    for name in ("short", "empty"):
        with pytest.raises(PotstillError, match=rf"{name}\.h5: not a whole feature file"):
            read_features(tmp_path / f"{name}.h5", labelled, DESCRIPTOR, NICKEL)
