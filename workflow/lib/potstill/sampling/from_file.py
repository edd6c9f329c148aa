"""Sets of frames that somebody else made: read from a file, checked, and put in order."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from potstill.audit.composition import composition, ranges
from potstill.audit.data_check import check_labels
from potstill.data.formats import read_foreign
from potstill.data.frames import write_frames
from potstill.errors import PotstillError
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.runtime.streams import stream
from potstill.settings import FileSet, Settings


def read_set(
    file: Path,
    *,
    name: str,
    settings: FileSet,
    seed: int,
    configuration: Settings,
    frames: Path,
    summary: Path,
) -> None:
    """Read the set called `name` (element/atoms/...) from a file and write its two files.

    frames: Frames with the labels that the file has, in its order or shuffled, and with the column
    `file_frame`, each frame's number in the file; summary: JSON of where labels were found, their
    ranges, and what the data check found. Raises PotstillError as of `read_foreign` and
    `check_labels`, and where the file gives another number of frames than the settings say, if they
    do.
    """
    found = read_foreign(file, name, settings)
    count = len(found.frames)
    if settings.frames not in (None, count):
        raise PotstillError(
            f"{file}: gives {count} frames, and sampling.{name}.frames is {settings.frames}; set "
            f"it to {count}"
        )
    try:
        checked = check_labels(found.frames, configuration.training, found.numbers)
    except PotstillError as error:
        raise PotstillError(f"{file}: {error}") from None
    order = np.arange(count)
    if settings.shuffle:
        order = stream(seed, "sampling", name).permutation(count)
    chosen = found.frames[order]
    chosen.columns["file_frame"] = found.numbers[order]
    write_frames(frames, replace(chosen, attributes={"set": name, "file": settings.file}))
    write_json(
        summary,
        {
            "method": settings.method,
            "frames": count,
            **composition(found.frames),
            "keys": found.keys,
            **ranges(found.frames),
            "data_check": checked,
            "seed": seed,
            "settings": settings.model_dump(mode="json"),
        },
    )
    say(f"{name}: {count} frames of {file}{', shuffled' if settings.shuffle else ''}")
