"""What frames are made of: sizes, elements, boundaries, labels, and the ranges of values."""

from typing import Any

import numpy as np

from potstill.data.frames import Frames
from potstill.data.structures import Floats


def composition(frames: Frames) -> dict[str, Any]:
    """Return how many frames have which number of atoms and which elements, boundaries, labels."""
    sizes, counts = np.unique(frames.sizes, return_counts=True)
    periodic = np.unique(frames.pbc.sum(axis=1), return_counts=True)
    words, which = frames.systems()
    held = zip(words, np.bincount(which).tolist(), strict=True)
    return {
        "frames_by_atoms": {str(n): int(count) for n, count in zip(sizes, counts, strict=True)},
        "frames_by_elements": dict(sorted(held)),
        "frames_by_periodic_directions": {str(n): int(c) for n, c in zip(*periodic, strict=True)},
        "frames_by_label": {name: int(frames.has(name).sum()) for name in frames.labels},
    }


def ranges(frames: Frames) -> dict[str, list[float]]:
    """Return the lowest and the highest of what the frames have; volumes of cells that have one."""
    held: dict[str, Floats] = {}
    solid = frames.pbc.all(axis=1)
    if solid.any():
        held["volume_A3_per_atom"] = (frames.volume / frames.sizes)[solid]
    if frames.energy is not None:
        held["energy_eV_per_atom"] = (frames.energy / frames.sizes)[frames.has("energy")]
    if frames.forces is not None:
        largest = np.maximum.reduceat(np.linalg.norm(frames.forces, axis=1), frames.start[:-1])
        held["largest_force_eV_per_A"] = largest[frames.has("forces")]
    if frames.stress is not None:
        stress = frames.stress[frames.has("stress")]
        held["pressure_eV_per_A3"] = -np.trace(stress, axis1=1, axis2=2) / 3
    return {name: [float(values.min()), float(values.max())] for name, values in held.items()}
