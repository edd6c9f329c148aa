"""Do energies follow from the positions? By a linear model of an atom's mean descriptors.

Energies are taken an atom, without what their composition explains.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from potstill.data.floors import ENERGY_FLOOR_EV
from potstill.data.frames import Frames
from potstill.data.label_agreement import Labels, fit, fit_most, share
from potstill.data.label_verdict import (
    FEWEST,
    LABELS_PER_FEATURE,
    coarse,
    judge,
    judge_unexplained,
    rms,
    told,
)
from potstill.data.structures import Floats, Indices, Structures, atomic_number, frame_means
from potstill.descriptors.symmetry_functions import describe, smallest_spread
from potstill.settings import Training

# Frames whose energies are fitted, spread over the set.
ENERGY_FRAMES = 600
# All energies are looked at where the frames have so many atoms together at most: some seconds.
LOOKED_ATOMS = 200_000
# Energies that one number for each atom explains so many times worse than one for each frame are
# of one atom.
OF_ONE_ATOM = 2.0
# Energies are of other positions that are so many times farther from what most others tell than
# these mostly are, and farther than energies mostly vary, and by most of what is odd about them.
# Where they are more than a part of all, they are another kind of frames.
MISFIT, MOST_OF_ODD, MOST_MISFITS = 25.0, 2 / 3, 0.25


def misfits(frames: Frames, settings: Training) -> list[int]:
    """Return frames whose energies do not follow from their positions, as those of all others do.

    As of calculations that did not converge. All frames have energies; of very many some are
    looked at.
    """
    rows = np.arange(len(frames))
    if len(frames.species) > LOOKED_ATOMS:
        rows = _energy_rows(frames, settings)
    if len(rows) < LABELS_PER_FEATURE * _features(frames, settings):
        return []
    some = frames[rows]
    energies, parts = _energies(some, settings), fractions(some)
    # what is far off has moved the part of composition, which is found again
    both = energies._replace(design=np.concatenate([energies.design, parts], axis=1))
    weights = fit_most(both)
    odd = np.abs(both.values - parts @ weights[-parts.shape[1] :])
    away = np.abs(both.values - both.design @ weights)
    least = max(MISFIT * float(np.median(away)), float(np.median(odd)), MISFIT * ENERGY_FLOOR_EV)
    found = rows[(away > least) & (away > MOST_OF_ODD * odd)]
    return found.tolist() if len(found) <= MOST_MISFITS * len(rows) else []


def check_energies(frames: Frames, settings: Training, wrong: Sequence[int] = ()) -> dict[str, Any]:
    """Fit the energies of every other frame, and judge by those between; all have energies.

    wrong: those that are left out.
    """
    _judge_growth(frames)
    rows = _energy_rows(frames, settings)
    some = frames[rows[~np.isin(rows, wrong)]]
    if len(some) < LABELS_PER_FEATURE * _features(frames, settings):
        return {}
    energies = _energies(some, settings)
    if rms(energies.values) < ENERGY_FLOOR_EV:
        return {}
    odd = np.arange(len(some)) % 2 == 1
    found = share(energies.of(odd), fit(energies.of(~odd)))
    judge_unexplained(found, "energies", energies)
    return {"energies_explained": told(found.value)}


def fractions(structures: Structures) -> Floats:
    """Return the share of each element's atoms in each structure, (F, S)."""
    kinds = np.array([atomic_number(symbol) for symbol in structures.elements])
    return frame_means((structures.species[:, None] == kinds).astype(float), structures.sizes)


def without(parts: Floats, values: Floats) -> Floats:
    """Return what is left of values (F, ...) when parts (F, S) explain them by least squares."""
    return values - parts @ np.linalg.lstsq(parts, values, rcond=None)[0]


def _features(frames: Frames, settings: Training) -> int:
    return len(smallest_spread(coarse(settings), len(frames.elements)))


def _energy_rows(frames: Frames, settings: Training) -> Indices:
    """Return the frames whose energies are fitted."""
    count = max(ENERGY_FRAMES, LABELS_PER_FEATURE * _features(frames, settings))
    return frames.spread_rows(min(count, len(frames)))


def _energies(frames: Frames, settings: Training) -> Labels:
    """Return the energies an atom by descriptors of deviation one."""
    functions, elements = coarse(settings), frames.elements
    design = frame_means(describe(frames, functions, elements), frames.sizes)
    energies = without_composition(frames, design)
    least = smallest_spread(functions, len(elements)) / frames.sizes.mean()
    return energies._replace(design=energies.design / np.maximum(energies.design.std(0), least))


def without_composition(frames: Frames, design: Floats) -> Labels:
    """Return the energies an atom without what composition explains; design (F, D): an atom's."""
    assert frames.energy is not None
    parts = fractions(frames)
    values = without(parts, frames.energy / frames.sizes)
    return Labels.dense(without(parts, design)[:, None], values[:, None])


def _judge_growth(frames: Frames) -> None:
    """Judge whether energies grow with the number of atoms, where there are several."""
    energy = frames.need("energy", "this check")
    if frames.sizes.max() < 2 * frames.sizes.min():
        return
    by_frame = fractions(frames)
    by_atom = by_frame * frames.sizes[:, None]
    left = rms(without(by_frame, energy))
    if OF_ONE_ATOM * left < min(rms(without(by_atom, energy)), rms(energy)):
        judge(
            "the energies do not grow with the number of atoms: they are energies of one atom, "
            "and must be of the whole cell; multiply each by its frame's number of atoms",
            sure=len(frames) >= FEWEST,
        )
