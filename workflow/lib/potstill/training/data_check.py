"""Do the labels of a frame file belong together? A check before any training.

A linear model E = sum_i w.D_i on descriptors, with fewer angular functions than the networks see,
is fitted to the forces of some frames, and one to the energies of others. Labels that belong to the
positions are explained for the most part, shuffled ones not at all. The energies that the forces' w
gives must grow as the labelled ones do, or energies and forces are in different units or of
opposite sign. (Where the cells differ in volume and little else, they say nothing of each other.)
Lengths are judged by the element's size.
"""

from typing import Any

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from scipy.spatial import cKDTree

from potstill.errors import PotstillError
from potstill.frames import Floats, Frames
from potstill.runtime.progress import say
from potstill.sections import Descriptor, Training
from potstill.training.descriptors import Pairs, describe, describe_with_pairs
from potstill.training.pair_forces import forces_and_strain

# Frames whose forces are looked at, spread over the set; fewer than the second say nothing.
FRAMES, FEWEST = 48, 12
# Frames whose energies are, and how many to a feature at least.
ENERGY_FRAMES, FRAMES_PER_FEATURE = 600, 4
# Share of the variance that the linear model must explain. Good labels of metals give 0.9 and more,
# shuffled ones below 0.05.
LEAST_EXPLAINED = 0.3
# Slope of labelled energies against those of the forces' fit, where the two correlate by as much.
# Good labels have 0.8 to 1.4 in Ni and Al, but 0.39 in Nb's own walk and 0.29 where crystals were
# stretched: forces near two crystals do not tell how far apart their energies are. Wrong units give
# less or more than all of these.
SLOPE_RANGE, LEAST_CORRELATION = (0.15, 6.0), 0.7
# Median distance of nearest neighbours over twice the covalent radius: 0.8 to 1.2 in metals.
DISTANCE_RANGE = (0.6, 1.5)
# Angular functions of the fits, and their range over the radial one: little beyond the nearest
# neighbours, as of more, w would be free where forces say little, along volume.
COARSE, COARSE_RANGE = {"angular_shifts": 4, "angle_sections": 4, "zeta": 8.0}, 3.5 / 6.0
# Deviations from the median, in units of the median deviation, beyond which a frame is reported.
FAR = 25.0
RIDGE = 1e-6


def check_data(frames: Frames, settings: Training) -> dict[str, Any]:
    """Return what was found: counts of duplicates and outliers, and how well forces are explained.

    Raises PotstillError, with the cure, for lengths, energies or forces that cannot be right; of
    fewer than `FRAMES` frames, energies and forces that look wrong are reported instead.
    Duplicates and outlying frames are reported, because they can be meant.
    """
    ratio = _distance_ratio(frames)
    low, high = DISTANCE_RANGE
    if not low < ratio < high:
        raise PotstillError(
            f"nearest neighbours are at {ratio:.2f} times the bond length expected of "
            f"{frames.symbol}; positions and cell must be in A"
        )
    found: dict[str, Any] = {
        "nearest_neighbour_ratio": ratio,
        "duplicates": duplicates(frames),
        "outlying_energies": _outlying(frames.energy),
    }
    if settings.forces:
        found["outlying_forces"] = _outlying(np.abs(frames.forces).max(axis=(1, 2)))
    outlying = {*found["outlying_energies"], *found.get("outlying_forces", [])}
    usual = frames[[f for f in range(len(frames)) if f not in outlying]]
    found |= _check_energies(usual, settings)
    if settings.forces:
        found |= _check_forces(usual, settings)
    for name in ("duplicates", "outlying_energies", "outlying_forces"):
        if found.get(name):
            say(f"data check: {len(found[name])} frames are {name.replace('_', ' ')}")
    return found


def duplicates(frames: Frames) -> list[int]:
    """Return the frames that repeat positions and cell of an earlier one."""
    seen: set[bytes] = set()
    repeated = []
    for f in range(len(frames)):
        key = frames.positions[f].tobytes() + frames.cell[f].tobytes()
        if key in seen:
            repeated.append(f)
        seen.add(key)
    return repeated


def _coarse(settings: Training) -> Descriptor:
    given = settings.descriptor
    reach = min(given.angular_cutoff_A, COARSE_RANGE * given.radial_cutoff_A)
    return given.model_copy(update={**COARSE, "angular_cutoff_A": reach})


def _spread(frames: Frames, count: int = FRAMES) -> Frames:
    return frames.spread(min(count, len(frames)))


def _distance_ratio(frames: Frames) -> float:
    """Return the median distance of nearest neighbours over twice the covalent radius."""
    some = _spread(frames)
    distances = []
    for x, cell in zip(some.positions, some.cell, strict=True):
        images = np.array([[i, j, k] for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)])
        x = (x @ np.linalg.inv(cell)) % 1.0 @ cell  # one shell of images is enough for these
        everywhere = (x[None] + (images @ cell)[:, None]).reshape(-1, 3)
        distances.append(cKDTree(everywhere).query(x, k=2)[0][:, 1])
    radius = covalent_radii[atomic_numbers[frames.symbol]]
    return float(np.median(distances) / (2 * radius))


def _outlying(values: Floats) -> list[int]:
    """Return the frames whose value is `FAR` median deviations from the median."""
    away = np.abs(values - np.median(values))
    return [int(f) for f in np.flatnonzero(away > FAR * np.median(away))]


def _fit(design: Floats, values: Floats) -> Floats:
    """Return the weights of the linear model, by ridge regression."""
    square = design.T @ design
    square += RIDGE * np.trace(square) / len(square) * np.eye(len(square))
    return np.asarray(np.linalg.solve(square, design.T @ values), dtype=np.float64)


def _explained(values: Floats, fitted: Floats) -> float:
    """Return the share of the variance about zero that the model explains."""
    return 1 - float(((values - fitted) ** 2).sum() / (values**2).sum())


def _refuse(message: str, frames: int) -> None:
    """Raise PotstillError; of fewer than `FRAMES` frames, whose fits are poor, warn instead."""
    if frames >= FRAMES:
        raise PotstillError(message)
    say(f"data check: of {frames} frames, too few to be sure: {message}")


def _refuse_unexplained(share: float, what: str, frames: int) -> None:
    if share < LEAST_EXPLAINED:
        _refuse(
            f"only {100 * max(share, 0):.0f}% of the {what} follow from the positions, where good "
            f"labels give most: the {what} are of other frames or other atoms; label again",
            frames,
        )


def _check_energies(frames: Frames, settings: Training) -> dict[str, Any]:
    """Fit the energies of every other frame, and judge by those between."""
    some = _spread(frames, ENERGY_FRAMES)
    features = describe(some.positions, some.cell, _coarse(settings)).sum(axis=1)
    energy = some.energy - some.energy.mean()
    if len(some) < FRAMES_PER_FEATURE * features.shape[1] or not energy.any():
        return {}
    features = features - features.mean(axis=0)
    features /= np.maximum(features.std(axis=0), 1e-12)
    share = _explained(energy[1::2], features[1::2] @ _fit(features[::2], energy[::2]))
    _refuse_unexplained(share, "energies", len(some))
    return {"energies_explained": _told(share)}


def _check_forces(frames: Frames, settings: Training) -> dict[str, Any]:
    """Fit the forces, and compare the energies that they give with the labelled ones."""
    some = _spread(frames)
    if len(some) < FEWEST or not some.forces.any():
        return {}
    features, pairs = describe_with_pairs(some.positions, some.cell, _coarse(settings))
    design = _design(features.shape, pairs)
    w = _fit(design, some.forces.ravel())
    share = _explained(some.forces.ravel(), design @ w)
    _refuse_unexplained(share, "forces", len(some))
    fitted = (features @ w).sum(axis=1)
    slope = float(np.polyfit(fitted, some.energy, 1)[0])
    low, high = SLOPE_RANGE
    told = abs(np.corrcoef(fitted, some.energy)[0, 1]) > LEAST_CORRELATION
    if told and not low < slope < high:
        _refuse(
            f"the energies change by {slope:.3g} times what the forces give: energies must be of "
            "the whole cell in eV, forces in eV/A and of one sign with them; convert the labels",
            len(some),
        )
    if settings.stress_weight:
        _check_stress(some, w, pairs)
    return {"forces_explained": _told(share), "energy_slope": _told(slope) if told else None}


def _told(value: float) -> float:
    """Return six digits: the last ones of a fit depend on where in memory its matrices lie."""
    return float(f"{value:.6g}")


def _check_stress(frames: Frames, w: Floats, pairs: Pairs) -> None:
    """Compare the stress that the forces' fit gives with the labelled one."""
    shape = (len(frames), frames.atoms, len(w))
    strain = forces_and_strain(np.ascontiguousarray(np.broadcast_to(w, shape)), pairs)[1]
    fitted = (strain / np.abs(np.linalg.det(frames.cell))[:, None, None]).reshape(len(frames), 9)
    labelled = frames.stress.reshape(len(frames), 9)
    fitted, labelled = ((s - s.mean(axis=0)).ravel() for s in (fitted, labelled))
    slope = float(fitted @ labelled / (fitted @ fitted))
    share = _explained(labelled, slope * fitted) if labelled.any() else 0.0
    _refuse_unexplained(share, "stresses", len(frames))
    low, high = SLOPE_RANGE
    if not low < slope < high:
        _refuse(
            f"the stresses change by {slope:.3g} times what the forces give: they must be in "
            "eV/A^3 and positive under tension; convert them, or set training.stress_weight to 0",
            len(frames),
        )


def _design(shape: tuple[int, ...], pairs: Pairs) -> Floats:
    """Return the forces (F N 3, D) that each feature alone would give."""
    columns = []
    for k in range(shape[2]):
        g = np.zeros(shape)
        g[:, :, k] = 1.0
        columns.append(forces_and_strain(g, pairs)[0].ravel())
    return np.stack(columns, axis=1)
