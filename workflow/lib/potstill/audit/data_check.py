"""Are frames fit to be trained on? A check before any training.

What frames hold is looked at by itself: lengths by the sizes of the elements (`lengths`), frames
that are there twice, energies and forces far from all others. Whether labels follow from the
positions and belong together is asked of a linear model (`energy_fit`, `force_fit`). Only what is
sure ends the job; what may be wrong is a warning.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from potstill.audit.energy_fit import check_energies, without
from potstill.audit.force_fit import check_forces
from potstill.audit.lengths import free_atoms, judged_ratio, outlying_lengths
from potstill.audit.repeats import repeats
from potstill.data.floors import ENERGY_FLOOR_EV, FORCE_FLOOR_EV_PER_A
from potstill.data.frames import Frames
from potstill.data.structures import Floats, Mask
from potstill.runtime.progress import say
from potstill.runtime.shortened import frames_named
from potstill.settings import Training

# What is said of frames that are found and may be meant.
REPORTED = {
    "duplicates": "positions and cells of earlier frames again; remove what is not to count twice",
    "outlying_energies": "energies far from all others; remove frames that did not converge",
    "outlying_forces": "forces far larger than all others; remove frames that did not converge",
    "outlying_lengths": "atoms far nearer or farther than their elements suggest; positions and "
    "cell must be in A",
    "unexplained_energies": "energies that do not follow from the positions as those of all others "
    "do; remove frames that did not converge, or label them again",
}
# Of these only a small part: many are no outliers but another kind of frames.
FEW, SMALL_PART = ("outlying_energies", "outlying_forces", "outlying_lengths"), 0.05
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
    found: dict[str, Any] = {"nearest_neighbour_ratio": judged_ratio(frames, reach)}
    found["duplicates"] = repeats(frames)
    free = free_atoms(frames, reach)
    if frames.energy is not None:
        found["outlying_energies"] = _outlying_energies(frames, frames.energy, free)
    if settings.forces:
        if settings.stress_weight:
            frames.need("stress", "training on it")
        found["outlying_forces"] = _outlying_forces(frames, frames.need("forces", "training"))
    if lengths := outlying_lengths(frames, reach):
        found["outlying_lengths"] = lengths
    usual = ~free
    for kind in ("energies", "forces", "lengths"):
        usual[found.get(f"outlying_{kind}", [])] = False
    rows = np.flatnonzero(usual & frames.has("energy"))
    if len(rows):
        explained, wrong = check_energies(frames[rows], settings)
        found |= explained
        if wrong:
            found["unexplained_energies"] = rows[wrong].tolist()
            usual[rows[wrong]] = False
    if settings.forces:
        found |= check_forces(frames[np.flatnonzero(usual)], settings)
    for line in warnings(found, len(frames), numbers):
        say(f"data check: {line}")
    return found


def warnings(
    found: Mapping[str, Any], frames: int, numbers: NDArray[np.int64] | None = None
) -> Iterator[str]:
    """Yield a line for each kind of frames that are found and may be meant, of so many frames.

    numbers: as of `check_data`.
    """
    for name, what in REPORTED.items():
        rows = np.array(found.get(name, []), dtype=np.int64)
        if len(rows) and (name not in FEW or len(rows) <= SMALL_PART * frames):
            yield f"{frames_named(rows if numbers is None else numbers[rows])}: {what}"


def check_labels(
    frames: Frames, settings: Training, numbers: NDArray[np.int64] | None = None
) -> dict[str, Any]:
    """Check frames as `check_data`, with whatever labels they have, also those not trained on."""
    changes = {
        "forces": frames.forces is not None,
        "stress_weight": 0.0 if frames.forces is None or frames.stress is None else 1.0,
    }
    return check_data(frames, settings.model_copy(update=changes), numbers)


def _outlying_energies(frames: Frames, energy: Floats, free: Mask) -> list[int]:
    """Return the frames of energies far from all others, without what composition explains.

    Free atoms have no bonds, and their energies no others like them.
    """
    rows = np.flatnonzero(frames.has("energy") & ~free)
    if not len(rows):
        return []
    parts = frames.shares(frames.elements)[rows]
    values = energy[rows] / frames.sizes[rows]
    far = _far(without(parts, values), ENERGY_FLOOR_EV)
    # what is far moves the part of composition; how far it is, one sees without it
    own = np.linalg.lstsq(parts[~far], values[~far], rcond=None)[0]
    return [int(f) for f in rows[_far(values - parts @ own, ENERGY_FLOOR_EV)]]


def _outlying_forces(frames: Frames, forces: Floats) -> list[int]:
    """Return the frames with a force far larger than those of all others."""
    largest = np.maximum.reduceat(np.abs(forces).max(axis=1), frames.start[:-1])
    rows = np.flatnonzero(frames.has("forces"))
    return [int(f) for f in rows[_far(largest[rows], FORCE_FLOOR_EV_PER_A)]]


def _far(values: Floats, floor: float) -> Mask:
    """Return which values are `FAR` median deviations, or floors, from the median."""
    away = np.abs(values - np.median(values))
    return np.asarray(away > FAR * max(np.median(away), floor))
