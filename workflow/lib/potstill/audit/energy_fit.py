"""Do energies follow from the positions? By a linear model of an atom's mean descriptors.

Energies are taken an atom, without what their composition explains.
"""

from typing import Any

import numpy as np

from potstill.audit.label_agreement import Labels, fit, fit_most, share
from potstill.audit.label_verdict import (
    FEWEST,
    LABELS_PER_FEATURE,
    coarse,
    judge,
    judge_unexplained,
    rms,
    told,
)
from potstill.data.floors import ENERGY_FLOOR_EV
from potstill.data.frames import Frames
from potstill.data.structures import Floats, Indices, frame_means
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
# these mostly are, and farther than energies mostly vary, and by nearly all that is odd about them.
# Where they are more than a part of all, they are another kind of frames.
MISFIT, MOST_OF_ODD, MOST_MISFITS = 25.0, 0.9, 0.25


def check_energies(frames: Frames, settings: Training) -> tuple[dict[str, Any], list[int]]:
    """Judge energies by those of every other frame; all frames have one.

    Returns what was found, and the frames whose energies do not follow from their positions as
    those of all others do, as of calculations that did not converge: they are left out of the fit.
    """
    _judge_growth(frames)
    functions, elements = coarse(settings), frames.elements
    spread = smallest_spread(functions, len(elements))
    count = max(ENERGY_FRAMES, LABELS_PER_FEATURE * len(spread))
    rows = frames.spread_rows(min(count, len(frames)))
    if len(rows) < LABELS_PER_FEATURE * len(spread):
        return {}, []
    looked = rows if len(frames.species) > LOOKED_ATOMS else np.arange(len(frames))
    given = frames[looked]
    features = frame_means(describe(given, functions, elements), given.sizes)
    wrong = looked[_misfits(_energies(given, features, spread), given.shares(elements))]
    rows = rows[~np.isin(rows, wrong)]
    energies = _energies(frames[rows], features[np.searchsorted(looked, rows)], spread)
    if rms(energies.values) < ENERGY_FLOOR_EV:
        return {}, wrong.tolist()
    odd = np.arange(len(rows)) % 2 == 1
    found = share(energies.of(odd), fit(energies.of(~odd)))
    judge_unexplained(found, "energies", energies)
    return {"energies_explained": told(found.value)}, wrong.tolist()


def _misfits(energies: Labels, parts: Floats) -> Indices:
    """Return which energies are far from what most others tell; parts (F, S): of composition."""
    # what is far off has moved the part of composition, which is found again
    both = energies._replace(design=np.concatenate([energies.design, parts], axis=1))
    weights = fit_most(both)
    odd = np.abs(both.values - parts @ weights[-parts.shape[1] :])
    away = np.abs(both.values - both.design @ weights)
    least = max(MISFIT * float(np.median(away)), float(np.median(odd)), MISFIT * ENERGY_FLOOR_EV)
    found = np.flatnonzero((away > least) & (away > MOST_OF_ODD * odd))
    return found if len(found) <= MOST_MISFITS * len(away) else found[:0]


def without(parts: Floats, values: Floats) -> Floats:
    """Return what is left of values (F, ...) when parts (F, S) explain them by least squares."""
    return values - parts @ np.linalg.lstsq(parts, values, rcond=None)[0]


def _energies(frames: Frames, features: Floats, spread: Floats) -> Labels:
    """Return the energies an atom by an atom's mean features (F, D) of deviation one.

    spread (D,): the least deviation of an atom's features.
    """
    energies = without_composition(frames, features)
    least = spread / frames.sizes.mean()
    return energies._replace(design=energies.design / np.maximum(energies.design.std(0), least))


def without_composition(frames: Frames, design: Floats) -> Labels:
    """Return the energies an atom without what composition explains; design (F, D): an atom's."""
    assert frames.energy is not None
    parts = frames.shares(frames.elements)
    values = without(parts, frames.energy / frames.sizes)
    return Labels.dense(without(parts, design)[:, None], values[:, None])


def _judge_growth(frames: Frames) -> None:
    """Judge whether energies grow with the number of atoms, where there are several."""
    energy = frames.need("energy", "this check")
    if frames.sizes.max() < 2 * frames.sizes.min():
        return
    by_frame = frames.shares(frames.elements)
    by_atom = by_frame * frames.sizes[:, None]
    left = rms(without(by_frame, energy))
    if OF_ONE_ATOM * left < min(rms(without(by_atom, energy)), rms(energy)):
        judge(
            "the energies do not grow with the number of atoms: they are energies of one atom, "
            "and must be of the whole cell; multiply each by its frame's number of atoms",
            sure=len(frames) >= FEWEST,
        )
