"""A part of the frames of a file: the first by their order, or some spread over it."""

from pathlib import Path

import numpy as np

from potstill.data.frames import Frames, read_frames
from potstill.errors import PotstillError
from potstill.runtime.progress import say


def read_part(path: Path, count: int | None) -> Frames:
    """Return `count` frames of a file, all for None: the first by their order, if they have one.

    Else they are spread over the file. Where frames are lacking because they got no label, all are
    taken; else PotstillError.
    """
    frames = read_frames(path)
    # other labels than the EAM's: a frame that got none is missing, and not for having asked
    left_out = int(frames.attributes.get("labels_failed", 0))
    if count is not None and len(frames) < count <= len(frames) + left_out:
        say(f"{path}: {left_out} frames were left out, taking all {len(frames)} instead of {count}")
        count = None
    if "order" in frames.columns and count is not None and count <= len(frames):
        return frames[np.argsort(frames.columns["order"])[:count]]
    try:
        return frames.spread(count)
    except PotstillError as error:
        raise PotstillError(f"{path}: {error}; lower `count`") from None
