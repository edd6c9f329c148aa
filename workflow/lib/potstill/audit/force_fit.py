"""Do forces follow from the positions, and do energies and stress belong to them?

A linear model E = sum_i w.D_i on descriptors, with fewer angular functions than the networks see,
is fitted to the forces of some frames. Forces that belong to the positions are explained for the
most part, shuffled ones not at all. One model must also explain energies and forces together, or
they are in different units or of opposite sign (see `label_agreement`).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from ase import units

from potstill.audit.energy_fit import without_composition
from potstill.audit.label_agreement import Labels, agreement, fit, share
from potstill.audit.label_verdict import (
    FEWEST,
    LEAST_EXPLAINED,
    coarse,
    judge,
    judge_unexplained,
    rms,
    told,
)
from potstill.data.floors import (
    ENERGY_FLOOR_EV,
    FORCE_FLOOR_EV_PER_A,
    STRESS_FLOOR_EV_PER_A3,
)
from potstill.data.frames import Frames
from potstill.data.structures import Floats, frame_means
from potstill.descriptors.pair_forces import forces_and_strain
from potstill.descriptors.symmetry_functions import Pairs, describe_with_pairs
from potstill.errors import PotstillError
from potstill.settings import Training

KCAL = units.kcal / units.mol
# Frames whose forces are looked at, spread over the set: so many, and of small ones as many as have
# the second's atoms together.
FRAMES, ATOMS = 48, 1536
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
# Stress of half of the frames above this, 320 GPa, is in another unit, or no stress but a virial.
HIGHEST_STRESS_EV_PER_A3 = 2.0


class _Fitted(NamedTuple):
    """Frames whose forces are fitted: the labels, and what each feature adds to energy and stress.

    of_frames (F, D): an atom's mean features; by_strain (F, 9, D): dE/d(strain), eV.
    """

    frames: Frames
    forces: Labels
    of_frames: Floats
    by_strain: Floats


def check_forces(frames: Frames, settings: Training) -> dict[str, Any]:
    """Fit the forces, and judge whether energies and stress agree with them."""
    with_forces = frames[frames.has("forces")]
    if len(with_forces) < 2:
        return {}
    fitted = _fitted(with_forces, settings)
    some, forces = fitted.frames, fitted.forces
    if rms(forces.values) < FORCE_FLOOR_EV_PER_A:
        return {}
    found = share(forces, fit(forces))
    result: dict[str, Any] = {"forces_explained": told(found.value)}
    if not judge_unexplained(found, "forces", forces):
        return result
    if (known := some.has("energy")).sum() > 1:
        energies = without_composition(some[known], fitted.of_frames[known])
        if rms(energies.values) >= ENERGY_FLOOR_EV:
            result["energy_factor"] = _judge_together(
                forces.of(known), energies, "energies", lambda c: _energy_message(c, some)
            )
    if settings.stress_weight:
        if not some.has("stress").all():
            some = with_forces[with_forces.has("stress")]
            fitted = _fitted(some, settings) if len(some) > 1 else fitted
        if len(some) > 1:
            _check_stress(fitted)
    return result


def _fitted(frames: Frames, settings: Training) -> _Fitted:
    """Return some of the frames, all of which have forces, with what a fit of these needs."""
    mean_atoms = max(1, len(frames.species) // max(1, len(frames)))
    some = frames.spread(min(max(FRAMES, ATOMS // mean_atoms), len(frames)))
    features, pairs = describe_with_pairs(some, coarse(settings), some.elements)
    by_force, by_strain = _designs(features.shape, pairs)
    forces = Labels(by_force, some.need("forces", "training").ravel(), 3 * some.sizes)
    return _Fitted(some, forces, frame_means(features, some.sizes), by_strain)


def _judge_together(
    forces: Labels, other: Labels, what: str, message: Callable[[float], str]
) -> float | None:
    """Judge whether one model explains the forces and other labels.

    Returns the factor that is missing on the others, one or near if they agree; None if the two
    kinds do not tell.
    """
    found = agreement(forces, other)
    tells = found.explained > LEAST_EXPLAINED
    if tells and found.ratio > WARNED_RATIO:
        enough = len(other.rows) >= FEWEST and found.ratio > REFUSED_RATIO
        judge(message(found.factor), sure=enough and found.sure)
    else:
        w = fit(forces.scaled(1.0), other.scaled(1.0))
        judge_unexplained(share(other, w), what, other)
    close = 1 / WARNED_RATIO < found.ratio < WARNED_RATIO
    return told(found.factor) if tells and not close else None


def _energy_message(factor: float, frames: Frames) -> str:
    cures = [(size, f"energies in {unit}") for size, unit in CURES.items()]
    cures += [(1 / size, f"forces in {unit}/A") for size, unit in CURES.items()]
    cures += [(units.Bohr / size, f"forces in {unit}/bohr") for size, unit in CURES.items()]
    if frames.is_uniform:
        cures.append((frames.atoms, "energies of one atom"))
    cures.append((-1.0, "forces of the wrong sign"))
    return (
        f"energies and forces agree only after the energies are multiplied by about {factor:.2g}"
        f"{_looks(factor, cures)}: energies must be of the whole cell in eV, forces in eV/A and of "
        "one sign with them; convert the labels"
    )


def _check_stress(fitted: _Fitted) -> None:
    """Judge whether the stress agrees with the forces; all frames have both."""
    frames = fitted.frames
    stress = frames.need("stress", "training on it").reshape(len(frames), 9)
    design = fitted.by_strain / frames.volume[:, None, None]
    if not stress.any():
        raise PotstillError(
            "the stress is zero in all frames: label it, or set training.stress_weight to 0"
        )
    size = float(np.median(np.abs(stress).max(axis=1)))
    if size > HIGHEST_STRESS_EV_PER_A3:
        raise PotstillError(
            f"half of the frames have a stress of {size:.3g} eV/A^3 and more, which is "
            f"{size / units.GPa:.3g} GPa: it is in another unit, or a virial; {STRESS_CURE}"
        )
    stress = stress - stress.mean(axis=0)
    if rms(stress) < STRESS_FLOOR_EV_PER_A3:
        return
    cures = [
        (-1.0, "a pressure or a flipped virial"),
        (-1 / float(frames.volume.mean()), "a virial"),
        (1e3, "a stress in kbar that was taken for one in bar"),
    ]
    _judge_together(
        fitted.forces,
        Labels.dense(design - design.mean(axis=0), stress),
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


def _designs(shape: tuple[int, ...], pairs: Pairs) -> tuple[Floats, Floats]:
    """Return forces (3 A, D) and dE/d(strain) (F, 9, D) that each feature alone would give."""
    columns = []
    for k in range(shape[1]):
        g = np.zeros(shape)
        g[:, k] = 1.0
        forces, strain = forces_and_strain(g, pairs)
        columns.append((forces.ravel(), strain.reshape(len(strain), 9)))
    by_force, by_strain = zip(*columns, strict=True)
    return np.stack(by_force, axis=-1), np.stack(by_strain, axis=-1)
