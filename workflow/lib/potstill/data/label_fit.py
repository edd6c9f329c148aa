"""Do labels follow from the positions, and do they belong together? By a linear model.

E = sum_i w.D_i on descriptors, with fewer angular functions than the networks see and weights of
their own for each element, is fitted to the forces of some frames, and to the energies of others.
Labels that belong to the positions are explained for the most part, shuffled ones not at all. One
model must also explain energies and forces together, or they are in different units or of opposite
sign (see `label_agreement`). Energies are taken an atom, without what their composition explains.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ase import units

from potstill.data.floors import (
    ENERGY_FLOOR_EV,
    FORCE_FLOOR_EV_PER_A,
    STRESS_FLOOR_EV_PER_A3,
)
from potstill.data.frames import Frames
from potstill.data.label_agreement import Labels, Share, agreement, fit, share
from potstill.data.structures import Floats, Structures, atomic_number, frame_means
from potstill.descriptors.pair_forces import forces_and_strain
from potstill.descriptors.symmetry_functions import (
    Pairs,
    describe,
    describe_with_pairs,
    smallest_spread,
)
from potstill.errors import PotstillError
from potstill.runtime.progress import say
from potstill.settings import Descriptor, Training

KCAL = units.kcal / units.mol
# Frames whose forces are looked at, spread over the set: so many, and of small ones as many as have
# the second's atoms together; fewer than the third refuse nothing.
FRAMES, ATOMS, FEWEST = 48, 1536, 12
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
# Angular functions of the fits, and their range over the radial one: little beyond the nearest
# neighbours, as of more, w would be free where forces say little, along volume.
COARSE, COARSE_RANGE = {"angular_shifts": 4, "angle_sections": 4, "zeta": 8.0}, 3.5 / 6.0
# Stress of half of the frames above this, 320 GPa, is in another unit, or no stress but a virial.
HIGHEST_STRESS_EV_PER_A3 = 2.0
# Energies that one number for each atom explains so many times worse than one for each frame are
# of one atom.
OF_ONE_ATOM = 4.0


def check_energies(frames: Frames, settings: Training) -> dict[str, Any]:
    """Fit the energies of every other frame, and judge by those between."""
    with_energy = frames[frames.has("energy")]
    if with_energy.energy is None or not len(with_energy):
        return {}
    _judge_growth(with_energy, with_energy.energy)
    functions, elements = _coarse(settings), with_energy.elements
    features = len(elements) * len(smallest_spread(functions, len(elements)))
    some = _spread(with_energy, max(ENERGY_FRAMES, LABELS_PER_FEATURE * features))
    design = _by_centre(describe(some, functions, elements), some, frame_means)
    energies = _energies(some, design)
    if len(some) < LABELS_PER_FEATURE * features or _rms(energies.values) < ENERGY_FLOOR_EV:
        return {}
    least = np.tile(smallest_spread(functions, len(elements)), len(elements))
    spread = np.maximum(energies.design.std(axis=0), least / some.sizes.mean())
    energies = energies._replace(design=energies.design / spread)
    odd = np.arange(len(some)) % 2 == 1
    found = share(energies.of(odd), fit(energies.of(~odd)))
    _judge_unexplained(found, "energies", energies)
    return {"energies_explained": told(found.value)}


def check_forces(frames: Frames, settings: Training) -> dict[str, Any]:
    """Fit the forces, and judge whether energies and stress agree with them."""
    frames.need("forces", "training")
    with_forces = frames[frames.has("forces")]
    mean_atoms = max(1, len(with_forces.species) // max(1, len(with_forces)))
    some = _spread(with_forces, max(FRAMES, ATOMS // mean_atoms))
    by_atom = some.forces
    if by_atom is None or len(some) < 2 or _rms(by_atom) < FORCE_FLOOR_EV_PER_A:
        return {}
    features, pairs = describe_with_pairs(some, _coarse(settings), some.elements)
    by_force, by_strain = _designs(features.shape[1], some, pairs)
    forces = Labels(by_force, by_atom.ravel(), 3 * some.sizes)
    found = share(forces, fit(forces))
    result: dict[str, Any] = {"forces_explained": told(found.value)}
    if not _judge_unexplained(found, "forces", forces):
        return result
    if some.energy is not None and (known := some.has("energy")).sum() > 1:
        design = _by_centre(features, some, frame_means)[known]
        energies = _energies(some[known], design)
        if _rms(energies.values) >= ENERGY_FLOOR_EV:
            result["energy_factor"] = _judge_together(
                forces.of(known), energies, "energies", lambda c: _energy_message(c, some)
            )
    if settings.stress_weight:
        stress = some.need("stress", "training on it").reshape(len(some), 9)
        known = some.has("stress") & (some.volume > 0)
        if known.sum() > 1:
            volume = some.volume[known]
            _check_stress(
                forces.of(known), by_strain[known] / volume[:, None, None], stress[known], volume
            )
    return result


def _coarse(settings: Training) -> Descriptor:
    given = settings.descriptor
    reach = min(given.angular_cutoff_A, COARSE_RANGE * given.radial_cutoff_A)
    return given.model_copy(update={**COARSE, "angular_cutoff_A": reach})


def _spread(frames: Frames, count: int) -> Frames:
    return frames.spread(min(count, len(frames)))


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


def told(value: float) -> float:
    """Return six digits: the last ones of a fit depend on where in memory its matrices lie."""
    return float(f"{value:.6g}")


def fractions(structures: Structures) -> Floats:
    """Return the share of each element's atoms in each structure, (F, S)."""
    kinds = np.array([atomic_number(symbol) for symbol in structures.elements])
    return frame_means((structures.species[:, None] == kinds).astype(float), structures.sizes)


def without(parts: Floats, values: Floats) -> Floats:
    """Return what is left of values (F, ...) when parts (F, S) explain them by least squares."""
    return values - parts @ np.linalg.lstsq(parts, values, rcond=None)[0]


def _by_centre(features: Floats, structures: Structures, together: Callable[..., Floats]) -> Floats:
    """Return each frame's features (F, S D), those of the atoms of one element after another."""
    kinds = [structures.species == atomic_number(symbol) for symbol in structures.elements]
    parts = [together(features * kind[:, None], structures.sizes) for kind in kinds]
    return np.concatenate(parts, axis=1)


def _energies(frames: Frames, design: Floats) -> Labels:
    """Return the energies an atom without what composition explains; design (F, D): an atom's."""
    assert frames.energy is not None
    parts = fractions(frames)
    values = without(parts, frames.energy / frames.sizes)
    return Labels.dense(without(parts, design)[:, None], values[:, None])


def _judge(message: str, *, sure: bool) -> None:
    """Raise PotstillError with the message, or warn where it may be wrong."""
    if sure:
        raise PotstillError(message)
    say(f"data check: labels may be wrong, but are too few or too close to be sure: {message}")


def _judge_growth(frames: Frames, energy: Floats) -> None:
    """Judge whether energies grow with the number of atoms, where that is not one."""
    if frames.sizes.max() < 2 * frames.sizes.min():
        return
    by_frame = fractions(frames)
    by_atom = by_frame * frames.sizes[:, None]
    left = _rms(without(by_frame, energy))
    if OF_ONE_ATOM * left < min(_rms(without(by_atom, energy)), _rms(energy)):
        _judge(
            "the energies do not grow with the number of atoms: they are energies of one atom, "
            "and must be of the whole cell; multiply each by its frame's number of atoms",
            sure=len(frames) >= FEWEST,
        )


def _judge_unexplained(found: Share, what: str, labels: Labels) -> bool:
    """Judge labels that hardly follow from the positions; return whether more of them do."""
    if found.value >= LEAST_EXPLAINED:
        return True
    enough = len(labels.values) >= LABELS_PER_FEATURE * labels.design.shape[1]
    _judge(
        f"only {100 * max(found.value, 0):.0f}% of the {what} follow from the positions, where "
        f"good labels give most: the {what} are of other frames or other atoms; label again",
        sure=enough and len(labels.rows) >= FEWEST and found.surely_below(LEAST_EXPLAINED),
    )
    return False


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
        _judge(message(found.factor), sure=enough and found.sure)
    else:
        w = fit(forces.scaled(1.0), other.scaled(1.0))
        _judge_unexplained(share(other, w), what, other)
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


def _check_stress(forces: Labels, design: Floats, stress: Floats, volume: Floats) -> None:
    """Judge whether the stress (F, 9) agrees with the forces of the same frames."""
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
    if _rms(stress) < STRESS_FLOOR_EV_PER_A3:
        return
    cures = [
        (-1.0, "a pressure or a flipped virial"),
        (-1 / float(volume.mean()), "a virial"),
        (1e3, "a stress in kbar that was taken for one in bar"),
    ]
    _judge_together(
        forces,
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


def _designs(features: int, structures: Structures, pairs: Pairs) -> tuple[Floats, Floats]:
    """Return forces (3 A, S D) and dE/d(strain) (F, 9, S D) that each feature alone would give.

    Features of the atoms of one element after those of another.
    """
    columns = []
    for symbol in structures.elements:
        of_element = structures.species == atomic_number(symbol)
        for k in range(features):
            g = np.zeros((len(of_element), features))
            g[of_element, k] = 1.0
            forces, strain = forces_and_strain(g, pairs)
            columns.append((forces.ravel(), strain.reshape(len(structures), 9)))
    by_force, by_strain = zip(*columns, strict=True)
    return np.stack(by_force, axis=-1), np.stack(by_strain, axis=-1)
