"""The atoms of each element in a frame, told by a few numbers: how many, mean and deviation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.data.structures import Floats, Structures, atomic_number, frame_means

Singles = NDArray[np.float32]

# Frames at a time: float64 copies of all features would not fit beside the float32 ones.
_CHUNK = 512
# Least deviation of being an atom of some element: as of one atom in a million.
_SMALLEST_SPREAD = 1e-3


class Moments(NamedTuple):
    """What the atoms of S elements in F frames are like.

    share (F, S): of the frame's atoms. mean, deviation (F, S, D): of their features, the
    (population) standard one; zero where a frame has no atom of the element.
    """

    share: Floats
    mean: Floats
    deviation: Floats


def moments(features: Singles, frames: Structures, elements: Sequence[str]) -> Moments:
    """Return the moments of the features (A, D) of frames."""
    counts = frames.counts(elements)
    shape = (*counts.shape, features.shape[1])
    mean, deviation = np.zeros(shape), np.zeros(shape)
    for first in range(0, len(frames), _CHUNK):
        part = slice(first, min(first + _CHUNK, len(frames)))
        atoms = slice(frames.start[part.start], frames.start[part.stop])
        for s, element in enumerate(elements):
            here = first + np.flatnonzero(counts[part, s])
            if not len(here):
                continue
            sizes = counts[here, s]
            own = frames.species[atoms] == atomic_number(element)
            values = features[atoms][own].astype(np.float64)
            mean[here, s] = frame_means(values, sizes)
            values -= np.repeat(mean[here, s], sizes, axis=0)
            values *= values
            deviation[here, s] = np.sqrt(frame_means(values, sizes))
    return Moments(counts / frames.sizes[:, None], mean, deviation)


def points(frames: Moments, all_atoms: Floats) -> Floats:
    """Return frames as points: mean and deviation of each element, (F, 2SD).

    Of several elements their shares as well, (F, 2SD + S). Which element an atom is counts as one
    more feature, and is scaled as all are: all_atoms (S,) are the shares in all atoms, so its mean
    is x and its deviation sqrt(x (1 - x)).
    """
    count, elements, width = frames.mean.shape
    both = np.concatenate([frames.mean, frames.deviation], axis=2)
    both = both.reshape(count, 2 * elements * width)
    if elements == 1:
        return both
    deviation = np.maximum(np.sqrt(all_atoms * (1 - all_atoms)), _SMALLEST_SPREAD)
    return np.concatenate([both, (frames.share - all_atoms) / deviation], axis=1)
