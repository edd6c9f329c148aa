"""Do the labels of a frame file belong together? A check before any training.

A linear model E = sum_i w.D_i on descriptors, with fewer angular functions than the networks see,
is fitted to the forces of some frames, and one to the energies of others. Labels that belong to the
positions are explained for the most part, shuffled ones not at all. One model must also explain
energies and forces together, or they are in different units or of opposite sign (see
`label_agreement`). Only what is sure ends the job; what may be wrong is a warning. Lengths are
judged by the element's size.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ase import units
from ase.data import atomic_numbers, covalent_radii
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from potstill.data.floors import (
    ENERGY_FLOOR_EV,
    FORCE_FLOOR_EV_PER_A,
    STRESS_FLOOR_EV_PER_A3,
)
from potstill.data.frames import Floats, Frames
from potstill.data.label_agreement import Labels, Share, agreement, fit, share
from potstill.descriptors.pair_forces import forces_and_strain
from potstill.descriptors.symmetry_functions import (
    Pairs,
    describe,
    describe_with_pairs,
    smallest_spread,
)
from potstill.errors import PotstillError
from potstill.runtime.progress import say
from potstill.runtime.shortened import frames_named
from potstill.settings import Descriptor, Training

KCAL = units.kcal / units.mol
# Frames whose forces are looked at, spread over the set; fewer than the second refuse nothing.
FRAMES, FEWEST = 48, 12
# Frames whose energies are, and how many labels to a feature at least.
ENERGY_FRAMES, LABELS_PER_FEATURE = 600, 4
# Share of the variance that the linear model must explain. Good labels of metals give 0.9 and more,
# shuffled ones below 0.05.
LEAST_EXPLAINED = 0.3
STRESS_CURE = (
    "convert it, tell its unit in `stress_unit` of a set from a file (none leaves it out), or set "
    "training.stress_weight to 0"
)
# Times that two kinds of labels are explained worse in their own units than in others, to warn and
# to refuse: good labels of 12 frames give 1.7 at most, wrong units mostly 3 and more; see
# docs/notes/data-check.md.
WARNED_RATIO, REFUSED_RATIO = 2.0, 3.0
# What mends energies, by the factor that is found, which is right within the second.
CURES, CURE_RANGE = {units.Hartree: "Hartree", units.Ry: "Rydberg", KCAL: "kcal/mol"}, 1.35
# Median distance of nearest neighbours over twice the covalent radius: 0.8 to 1.2 in metals.
DISTANCE_RANGE = (0.6, 1.5)
# Angular functions of the fits, and their range over the radial one: little beyond the nearest
# neighbours, as of more, w would be free where forces say little, along volume.
COARSE, COARSE_RANGE = {"angular_shifts": 4, "angle_sections": 4, "zeta": 8.0}, 3.5 / 6.0
# What is said of frames that are found and may be meant, if they are a small part of all: many are
# no outliers but another kind of frames.
REPORTED = {
    "duplicates": "positions and cells of earlier frames again; remove what is not to count twice",
    "outlying_energies": "energies far from all others; remove frames that did not converge",
    "outlying_forces": "forces far larger than all others; remove frames that did not converge",
}
SMALL_PART = 0.05
# Stress of half of the frames above this, 320 GPa, is in another unit, or no stress but a virial.
HIGHEST_STRESS_EV_PER_A3 = 2.0
# Deviations from the median, in units of the median deviation, beyond which a frame is reported.
FAR = 25.0


def check_data(
    frames: Frames, settings: Training, numbers: NDArray[np.int64] | None = None
) -> dict[str, Any]:
    """Return what was found: rows of duplicates and outliers, and how well forces are explained.

    numbers (F,): what the frames are called in what is said, None for their rows.
    Raises PotstillError, with the cure, for lengths, energies, forces or stress that surely are not
    right. What looks wrong but is not sure, as in few frames, is a warning. Duplicates and outlying
    frames are reported, because they can be meant.
    """
    ratio = _distance_ratio(frames)
    low, high = DISTANCE_RANGE
    if not low < ratio < high:
        raise PotstillError(
            f"nearest neighbours are at {ratio:.2f} times the bond length expected of "
            f"{frames.symbol}; positions and cell must be in A"
        )
    found: dict[str, Any] = {"nearest_neighbour_ratio": ratio, "duplicates": duplicates(frames)}
    if frames.energy is not None:
        found["outlying_energies"] = _outlying(frames.energy, ENERGY_FLOOR_EV * frames.atoms)
    if settings.forces:
        largest = np.abs(frames.need("forces", "training")).max(axis=(1, 2))
        found["outlying_forces"] = _outlying(largest, FORCE_FLOOR_EV_PER_A)
    outlying = {f for kind in ("energies", "forces") for f in found.get(f"outlying_{kind}", [])}
    usual = frames[[f for f in range(len(frames)) if f not in outlying]]
    found |= _check_energies(usual, settings)
    if settings.forces:
        found |= _check_forces(usual, settings)
    for name, what in REPORTED.items():
        rows = found.get(name, [])
        if rows and (name == "duplicates" or len(rows) <= SMALL_PART * len(frames)):
            say(f"data check: {frames_named(rows if numbers is None else numbers[rows])}: {what}")
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


def _outlying(values: Floats, floor: float) -> list[int]:
    """Return the frames whose value is `FAR` median deviations, or floors, from the median."""
    away = np.abs(values - np.median(values))
    return [int(f) for f in np.flatnonzero(away > FAR * max(np.median(away), floor))]


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _judge(message: str, *, sure: bool) -> None:
    """Raise PotstillError with the message, or warn where it may be wrong."""
    if sure:
        raise PotstillError(message)
    say(f"data check: labels may be wrong, but are too few or too close to be sure: {message}")


def _judge_unexplained(found: Share, what: str, labels: Labels) -> bool:
    """Judge labels that hardly follow from the positions; return whether more of them do."""
    if found.value >= LEAST_EXPLAINED:
        return True
    enough = labels.values.size >= LABELS_PER_FEATURE * labels.design.shape[2]
    _judge(
        f"only {100 * max(found.value, 0):.0f}% of the {what} follow from the positions, where "
        f"good labels give most: the {what} are of other frames or other atoms; label again",
        sure=enough and len(labels.values) >= FEWEST and found.surely_below(LEAST_EXPLAINED),
    )
    return False


def _judge_together(
    forces: Labels, other: Labels, what: str, message: Callable[[float], str]
) -> float | None:
    """Judge whether one model explains the forces and other labels.

    Returns the factor that is missing on the others, one or near if they agree; None if the two
    kinds do not tell.
    """
    other = other.centred()
    found = agreement(forces, other)
    told = found.explained > LEAST_EXPLAINED
    if told and found.ratio > WARNED_RATIO:
        enough = len(other.values) >= FEWEST and found.ratio > REFUSED_RATIO
        _judge(message(found.factor), sure=enough and found.sure)
    else:
        w = fit(forces.scaled(1.0), other.scaled(1.0))
        _judge_unexplained(share(other, w), what, other)
    close = 1 / WARNED_RATIO < found.ratio < WARNED_RATIO
    return _told(found.factor) if told and not close else None


def _check_energies(frames: Frames, settings: Training) -> dict[str, Any]:
    """Fit the energies of every other frame, and judge by those between."""
    some = _spread(frames, ENERGY_FRAMES)
    if some.energy is None:
        return {}
    functions = _coarse(settings)
    features = describe(some.positions, some.cell, functions).sum(axis=1)
    energy = some.energy - some.energy.mean()
    too_few = len(some) < LABELS_PER_FEATURE * features.shape[1]
    if too_few or _rms(energy) < ENERGY_FLOOR_EV * some.atoms:
        return {}
    features = features - features.mean(axis=0)
    features /= np.maximum(features.std(axis=0), smallest_spread(functions))
    labels = Labels(features[:, None], energy[:, None])
    found = share(Labels(*(a[1::2] for a in labels)), fit(Labels(*(a[::2] for a in labels))))
    _judge_unexplained(found, "energies", labels)
    return {"energies_explained": _told(found.value)}


def _check_forces(frames: Frames, settings: Training) -> dict[str, Any]:
    """Fit the forces, and judge whether energies and stress agree with them."""
    some = _spread(frames)
    by_atom = some.need("forces", "training")
    if len(some) < 2 or _rms(by_atom) < FORCE_FLOOR_EV_PER_A:
        return {}
    features, pairs = describe_with_pairs(some.positions, some.cell, _coarse(settings))
    by_force, by_stress = _designs(features.shape, pairs)
    by_stress = by_stress / np.abs(np.linalg.det(some.cell))[:, None, None]
    forces = Labels(by_force, by_atom.reshape(len(some), -1))
    found = share(forces, fit(forces))
    told: dict[str, Any] = {"forces_explained": _told(found.value)}
    if not _judge_unexplained(found, "forces", forces):
        return told
    energy = some.energy
    if energy is not None and _rms(energy - energy.mean()) >= ENERGY_FLOOR_EV * some.atoms:
        energies = Labels(features.sum(axis=1)[:, None], energy[:, None])
        told["energy_factor"] = _judge_together(
            forces, energies, "energies", lambda c: _energy_message(c, some.atoms)
        )
    if settings.stress_weight:
        stress = some.need("stress", "training on it").reshape(len(some), 9)
        volume = float(np.abs(np.linalg.det(some.cell)).mean())
        _check_stress(forces, Labels(by_stress, stress), volume)
    return told


def _energy_message(factor: float, atoms: int) -> str:
    cures = [(size, f"energies in {unit}") for size, unit in CURES.items()]
    cures += [(1 / size, f"forces in {unit}/A") for size, unit in CURES.items()]
    cures += [(units.Bohr / size, f"forces in {unit}/bohr") for size, unit in CURES.items()]
    cures += [(atoms, "energies of one atom"), (-1.0, "forces of the wrong sign")]
    return (
        f"energies and forces agree only after the energies are multiplied by about {factor:.2g}"
        f"{_looks(factor, cures)}: energies must be of the whole cell in eV, forces in eV/A and of "
        "one sign with them; convert the labels"
    )


def _check_stress(forces: Labels, stress: Labels, volume: float) -> None:
    """Judge whether the stress agrees with the forces."""
    if not stress.values.any():
        raise PotstillError(
            "the stress is zero in all frames: label it, or set training.stress_weight to 0"
        )
    size = float(np.median(np.abs(stress.values).max(axis=1)))
    if size > HIGHEST_STRESS_EV_PER_A3:
        raise PotstillError(
            f"half of the frames have a stress of {size:.3g} eV/A^3 and more, which is "
            f"{size / units.GPa:.3g} GPa: it is in another unit, or a virial; {STRESS_CURE}"
        )
    if _rms(stress.centred().values) < STRESS_FLOOR_EV_PER_A3:
        return
    cures = [(-1.0, "a pressure or a flipped virial"), (-1 / volume, "a virial")]
    _judge_together(
        forces,
        stress,
        "stresses",
        lambda c: (
            f"forces and stresses agree only after the stresses are multiplied by about {c:.2g}"
            f"{_looks(c, cures)}: they must be in eV/A^3 and positive under tension; {STRESS_CURE}"
        ),
    )


def _looks(factor: float, cures: Sequence[tuple[float, str]]) -> str:
    """Return what labels look like that lack a factor, by those of known faults."""
    near = [cure for size, cure in cures if 1 / CURE_RANGE < factor / size < CURE_RANGE]
    return f", as for {' or '.join(near)}" if near else ""


def _told(value: float) -> float:
    """Return six digits: the last ones of a fit depend on where in memory its matrices lie."""
    return float(f"{value:.6g}")


def _designs(shape: tuple[int, ...], pairs: Pairs) -> tuple[Floats, Floats]:
    """Return forces (F, 3 N, D) and dE/d(strain) (F, 9, D) that each feature alone would give."""
    columns = []
    for k in range(shape[2]):
        g = np.zeros(shape)
        g[:, :, k] = 1.0
        columns.append([a.reshape(shape[0], -1) for a in forces_and_strain(g, pairs)])
    by_force, by_strain = (np.stack(c, axis=2) for c in zip(*columns, strict=True))
    return by_force, by_strain
