"""Feature files: the symmetry functions of a set, computed once for all models tested on it."""

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from potstill.data.frames import Frames, read_frames
from potstill.descriptors.symmetry_functions import describe, feature_count
from potstill.errors import PotstillError
from potstill.runtime.compiled import use_threads
from potstill.runtime.files import atomic_path
from potstill.runtime.unreadable import AGAIN, HDF5, unreadable
from potstill.settings import Descriptor

# frames described, and written, at a time
_CHUNK_FRAMES = 500
# of float32, and of another processor's last digits
_ROUNDING = 1e-5

Features = NDArray[np.float32]


def write_features(frames: Path, descriptor: Descriptor, *, threads: int, output: Path) -> None:
    """Write the dataset `features` (F, N, D), float32: what `describe` gives of the frames' atoms.

    Raises PotstillError, naming the frame, where a feature is not finite.
    """
    use_threads(threads)
    source = read_frames(frames)
    shape = (len(source), source.atoms, feature_count(descriptor))
    with atomic_path(output) as temporary, h5py.File(temporary, "w") as store:
        features = store.create_dataset("features", shape, np.float32)
        for first in range(0, len(source), _CHUNK_FRAMES):
            part = slice(first, first + _CHUNK_FRAMES)
            features[part] = describe(
                source.positions[part], source.cell[part], descriptor, first=first
            )


def read_features(path: Path, frames: Frames, descriptor: Descriptor) -> Features:
    """Read the features (F, N, D) of frames.

    Raises PotstillError where the file is missing or broken, or holds the features of other frames
    or of another descriptor; the last frame's are compared.
    """
    if not path.exists():
        raise PotstillError(f"{path}: no such feature file; run the rule `describe` that makes it")
    try:
        with h5py.File(path) as store:
            features: Features = store["features"][...]
    except (OSError, KeyError) as error:
        cure = "name one that the rule `describe` made"
        raise unreadable(path, "feature file", HDF5, cure, error) from None
    last = describe(frames.positions[-1:], frames.cell[-1:], descriptor)
    same = features.shape == (len(frames), *last.shape[1:]) and np.allclose(
        features[-1:], last, rtol=_ROUNDING, atol=_ROUNDING
    )
    if not same:
        raise PotstillError(
            f"{path}: features of other frames or of another descriptor than the model's; {AGAIN}"
        )
    return features
