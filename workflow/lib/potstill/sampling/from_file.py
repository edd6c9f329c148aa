"""Sets of frames that somebody else made: read from a file, checked, and put in order."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import chemical_symbols

from potstill.audit.data_check import check_data
from potstill.data.formats import FileFrames, read_foreign
from potstill.data.frames import Frames, write_frames
from potstill.data.structures import Floats
from potstill.errors import PotstillError
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.runtime.streams import stream
from potstill.settings import FileSet, Settings, Training


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
    `check_data`, and where the file gives another number of frames than the settings say, if they
    do.
    """
    found = read_foreign(file, name, settings)
    count = len(found.frames)
    if settings.frames not in (None, count):
        raise PotstillError(
            f"{file}: gives {count} frames, and sampling.{name}.frames is {settings.frames}; set "
            f"it to {count}"
        )
    checked = _check(file, found, configuration.training)
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
            **_composition(found.frames),
            "keys": found.keys,
            **_ranges(found.frames),
            "data_check": checked,
            "seed": seed,
            "settings": settings.model_dump(mode="json"),
        },
    )
    say(f"{name}: {count} frames of {file}{', shuffled' if settings.shuffle else ''}")


def _check(file: Path, found: FileFrames, training: Training) -> dict[str, Any]:
    """Check whether the labels that there are belong together, see `check_data`."""
    changes = {
        "forces": found.frames.forces is not None,
        "stress_weight": 0.0 if found.frames.stress is None else 1.0,
    }
    try:
        return check_data(found.frames, training.model_copy(update=changes), found.numbers)
    except PotstillError as error:
        raise PotstillError(f"{file}: {error}") from None


def _composition(frames: Frames) -> dict[str, Any]:
    """Return how many frames have which number of atoms and which elements, boundaries, labels."""
    sizes, counts = np.unique(frames.sizes, return_counts=True)
    periodic = np.unique(frames.pbc.sum(axis=1), return_counts=True)
    held: Counter[str] = Counter()
    for f in range(len(frames)):
        present = np.unique(frames.species[frames.of_atoms_in(f)])
        held["".join(chemical_symbols[n] for n in present)] += 1
    return {
        "frames_by_atoms": {str(n): int(count) for n, count in zip(sizes, counts, strict=True)},
        "frames_by_elements": dict(sorted(held.items())),
        "frames_by_periodic_directions": {str(n): int(c) for n, c in zip(*periodic, strict=True)},
        "frames_by_label": {name: int(frames.has(name).sum()) for name in frames.labels},
    }


def _ranges(frames: Frames) -> dict[str, list[float]]:
    """Return the lowest and the highest of what the frames have; volumes of cells that have one."""
    ranges: dict[str, Floats] = {}
    solid = frames.pbc.all(axis=1)
    if solid.any():
        ranges["volume_A3_per_atom"] = (frames.volume / frames.sizes)[solid]
    if frames.energy is not None:
        ranges["energy_eV_per_atom"] = (frames.energy / frames.sizes)[frames.has("energy")]
    if frames.forces is not None:
        largest = np.maximum.reduceat(np.linalg.norm(frames.forces, axis=1), frames.start[:-1])
        ranges["largest_force_eV_per_A"] = largest[frames.has("forces")]
    if frames.stress is not None:
        stress = frames.stress[frames.has("stress")]
        ranges["pressure_eV_per_A3"] = -np.trace(stress, axis1=1, axis2=2) / 3
    return {name: [float(values.min()), float(values.max())] for name, values in ranges.items()}
