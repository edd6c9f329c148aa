"""Feature files: the symmetry functions of a set, computed once for all models tested on it.

They tell apart the elements of the set. A model may know more elements; the functions of those are
zero in these frames, and `read_features` puts them in.
"""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from potstill.data.frames import Frames, read_frames
from potstill.data.structures import Indices
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
    """Write the dataset `features`, float32: what `describe` gives of the frames' atoms.

    It is (F, N, D) where all frames have N atoms, else (A, D). Raises PotstillError, naming the
    frame, where a feature is not finite.
    """
    use_threads(threads)
    source = read_frames(frames)
    elements, width = source.elements, feature_count(descriptor, len(source.elements))
    count = (len(source), source.atoms) if source.is_uniform else (len(source.species),)
    with atomic_path(output) as temporary, h5py.File(temporary, "w") as store:
        features = store.create_dataset("features", (*count, width), np.float32)
        for first in range(0, len(source), _CHUNK_FRAMES):
            stop = min(first + _CHUNK_FRAMES, len(source))
            part = source.structures(slice(first, stop))
            found = describe(part, descriptor, elements, first=first)
            if source.is_uniform:
                features[first:stop] = part.dense(found)
            else:
                features[source.start[first] : source.start[stop]] = found


def read_features(
    path: Path, frames: Frames, descriptor: Descriptor, elements: Sequence[str]
) -> Features:
    """Read the features (A, D) of frames, as a model of `elements` takes them.

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
    last = describe(frames.structures(slice(-1, None)), descriptor, frames.elements)
    atoms = len(frames.species)
    count = (len(frames), frames.atoms) if frames.is_uniform else (atoms,)
    same = features.shape == (*count, last.shape[1])
    features = features.reshape(-1, last.shape[1]) if same else features
    if not same or not np.allclose(features[-len(last) :], last, rtol=_ROUNDING, atol=_ROUNDING):
        raise PotstillError(
            f"{path}: features of other frames or of another descriptor than the model's; {AGAIN}"
        )
    if tuple(elements) == frames.elements:
        return features
    wider = np.zeros((atoms, feature_count(descriptor, len(elements))), dtype=np.float32)
    wider[:, _columns(descriptor, frames.elements, elements)] = features
    return wider


def _columns(descriptor: Descriptor, few: Sequence[str], all_of: Sequence[str]) -> Indices:
    """Return where features that tell `few` elements apart are among those that tell `all_of`.

    Both lists are in the order of the elements, and so are their pairs.
    """
    known = [all_of.index(element) for element in few]
    numbers = np.empty((len(all_of), len(all_of)), dtype=np.int64)
    ordered = np.triu_indices(len(all_of))
    numbers[ordered] = np.arange(len(ordered[0]))
    pairs = numbers[np.ix_(known, known)][np.triu_indices(len(few))]
    radial = np.arange(descriptor.radial_shifts)
    angular = np.arange(descriptor.angular_shifts * descriptor.angle_sections)
    return np.concatenate(
        [
            *(len(radial) * element + radial for element in known),
            *(len(radial) * len(all_of) + len(angular) * pair + angular for pair in pairs),
        ]
    )
