"""Are frames fit to be trained on? A check before any training.

What each frame holds is looked at by itself: lengths by the sizes of the elements, frames that are
there twice, energies and forces far from all others. Whether labels follow from the positions and
belong together is asked of a linear model (`label_fit`). Only what is sure ends the job; what may
be wrong is a warning.
"""

from typing import Any

import numpy as np
from ase.data import covalent_radii
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from potstill.data.floors import ENERGY_FLOOR_EV, FORCE_FLOOR_EV_PER_A
from potstill.data.frames import Frames
from potstill.data.geometry import completed
from potstill.data.label_fit import check_energies, check_forces, fractions, without
from potstill.data.structures import Floats, Indices, Mask, Structures
from potstill.errors import PotstillError
from potstill.runtime.progress import say
from potstill.runtime.shortened import frames_named
from potstill.settings import Training

# Frames by whose distances a set is judged, and whose own distances are looked at, at most.
FRAMES, LENGTH_FRAMES = 48, 1000
# Median distance of nearest neighbours over the sum of their covalent radii: 0.8 to 1.2 in metals.
DISTANCE_RANGE = (0.6, 1.5)
# What is said of frames that are found and may be meant, if they are a small part of all: many are
# no outliers but another kind of frames.
REPORTED = {
    "duplicates": "positions and cells of earlier frames again; remove what is not to count twice",
    "outlying_energies": "energies far from all others; remove frames that did not converge",
    "outlying_forces": "forces far larger than all others; remove frames that did not converge",
    "outlying_lengths": "atoms far nearer or farther from each other than in all others; positions "
    "and cell must be in A",
}
SMALL_PART = 0.05
# Deviations from the median, in units of the median deviation, beyond which a frame is reported.
FAR = 25.0


def check_data(
    frames: Frames, settings: Training, numbers: NDArray[np.int64] | None = None
) -> dict[str, Any]:
    """Return what was found: rows of duplicates and outliers, and how well forces are explained.

    numbers (F,): what the frames are called in what is said, None for their rows.
    Raises PotstillError, with the cure, for lengths, energies, forces or stress that surely are not
    right. What looks wrong but is not sure, as in few frames, is a warning. Duplicates and outlying
    frames are reported, because they can be meant. Labels are judged by the frames that have them.
    """
    reach = settings.descriptor.radial_cutoff_A
    some = frames.spread_rows(min(FRAMES, len(frames)))
    ratio = _distance_ratio(frames, some, reach)
    _judge_ratio(ratio, frames, reach)
    found: dict[str, Any] = {"nearest_neighbour_ratio": ratio}
    found["duplicates"] = duplicates(frames)
    free = _free_atoms(frames, reach)
    if frames.energy is not None:
        found["outlying_energies"] = _outlying_energies(frames, frames.energy, free)
    if settings.forces:
        largest = np.abs(frames.need("forces", "training")).max(axis=1)
        by_frame = np.maximum.reduceat(largest, frames.start[:-1])
        rows = np.flatnonzero(frames.has("forces"))
        outlying = rows[_far(by_frame[rows], FORCE_FLOOR_EV_PER_A)]
        found["outlying_forces"] = outlying.tolist()
    if lengths := _outlying_lengths(frames, reach):
        found["outlying_lengths"] = lengths
    left_out = {f for kind in ("energies", "forces") for f in found.get(f"outlying_{kind}", [])}
    left_out.update(np.flatnonzero(free).tolist())
    usual = frames[[f for f in range(len(frames)) if f not in left_out]]
    found |= check_energies(usual, settings)
    if settings.forces:
        found |= check_forces(usual, settings)
    for name, what in REPORTED.items():
        rows = np.array(found.get(name, []), dtype=np.int64)
        if len(rows) and (name == "duplicates" or len(rows) <= SMALL_PART * len(frames)):
            say(f"data check: {frames_named(rows if numbers is None else numbers[rows])}: {what}")
    return found


def duplicates(frames: Structures) -> list[int]:
    """Return the frames that repeat atoms, boundaries and cell of an earlier one."""
    seen: set[bytes] = set()
    repeated = []
    for f in range(len(frames)):
        here = frames.of_atoms_in(f)
        parts = (frames.positions[here], frames.cell[f], frames.species[here], frames.pbc[f])
        key = b"".join(part.tobytes() for part in parts)
        if key in seen:
            repeated.append(f)
        seen.add(key)
    return repeated


def _distance_ratio(frames: Structures, which: Indices, reach: float) -> float | None:
    """Return the median distance of nearest neighbours over the sum of their covalent radii.

    Of the atoms of these frames; those without a neighbour within `reach` (A) are left out, and
    None is returned where all are.
    """
    found = [_nearest(frames, int(f), reach) for f in which]
    distance, expected = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    if not len(distance):
        return None
    unit = expected.max()  # for one element the median distance is divided, to the last bit
    return float(np.median(distance * (unit / expected)) / unit)


def _nearest(frames: Structures, which: int, reach: float) -> tuple[Floats, Floats]:
    """Return the distance of each atom's nearest neighbour and the sum of their radii, A.

    Atoms that have none within `reach` are left out.
    """
    here, pbc = frames.of_atoms_in(which), frames.pbc[which]
    cell = completed(frames.cell[which][None], pbc[None])[0]
    inside = frames.positions[here] @ np.linalg.inv(cell)
    inside[:, pbc] %= 1.0
    x = inside @ cell  # one shell of images is enough for these
    everywhere = (x[None] + (_images(pbc) @ cell)[:, None]).reshape(-1, 3)
    distance, nearest = cKDTree(everywhere).query(x, k=2, distance_upper_bound=reach)
    near = np.isfinite(distance[:, 1])
    radii = covalent_radii[frames.species[here]]
    return distance[near, 1], radii[near] + radii[nearest[near, 1] % len(x)]


def _images(pbc: Mask) -> Floats:
    """Return the numbers of the cells next to one, itself included, along what is periodic."""
    sides = [(-1.0, 0.0, 1.0) if periodic else (0.0,) for periodic in pbc]
    return np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 3)


def _judge_ratio(ratio: float | None, frames: Frames, reach: float) -> None:
    """Raise PotstillError for distances that can't be right."""
    if ratio is None:
        raise PotstillError(
            f"no atom has a neighbour within {reach:g} A; positions and cell must be in A"
        )
    low, high = DISTANCE_RANGE
    if not low < ratio < high:
        raise PotstillError(
            f"nearest neighbours are at {ratio:.2f} times the bond length expected of "
            f"{frames.symbol}; positions and cell must be in A"
        )


def _outlying_lengths(frames: Frames, reach: float) -> list[int]:
    """Return those of at most `LENGTH_FRAMES` frames whose own distances can't be right."""
    (low, high), outlying = DISTANCE_RANGE, []
    for f in frames.spread_rows(min(LENGTH_FRAMES, len(frames))):
        ratio = _distance_ratio(frames, np.array([f]), reach)
        if ratio is not None and not low < ratio < high:
            outlying.append(int(f))
    return outlying


def _free_atoms(frames: Frames, reach: float) -> Mask:
    """Return which frames are a single atom without neighbours."""
    alone = frames.sizes == 1
    for f in np.flatnonzero(alone):
        alone[f] = _distance_ratio(frames, np.array([f]), reach) is None
    return alone


def _outlying_energies(frames: Frames, energy: Floats, free: Mask) -> list[int]:
    """Return the frames of energies far from all others, without what composition explains.

    Free atoms have no bonds, and their energies no others like them.
    """
    rows = np.flatnonzero(frames.has("energy") & ~free)
    if not len(rows):
        return []
    parts = fractions(frames)[rows]
    values = energy[rows] / frames.sizes[rows]
    far = _far(without(parts, values), ENERGY_FLOOR_EV)
    # what is far moves the part of composition; how far it is, one sees without it
    own = np.linalg.lstsq(parts[~far], values[~far], rcond=None)[0]
    return [int(f) for f in rows[_far(values - parts @ own, ENERGY_FLOOR_EV)]]


def _far(values: Floats, floor: float) -> Mask:
    """Return which values are `FAR` median deviations, or floors, from the median."""
    away = np.abs(values - np.median(values))
    return np.asarray(away > FAR * max(np.median(away), floor))
