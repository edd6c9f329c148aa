"""What labels are divided by in training, and the energies of the elements that are taken out."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from potstill.data.floors import (
    ENERGY_FLOOR_EV,
    FORCE_FLOOR_EV_PER_A,
    STRESS_FLOOR_EV_PER_A3,
)
from potstill.data.frames import Frames
from potstill.data.structures import Floats
from potstill.descriptors.pair_strain import VOIGT
from potstill.runtime.progress import say
from potstill.settings import Training

# Atomic energies vary over about this distance, so that forces tell how large they are.
LENGTH_A = 1.0
# Of labels among which wrong ones may be: what is left out of their scale, at the end of the sizes.
TRIMMED_SHARE = 0.1
# Rounds of least squares, each weighted by the errors of the one before, to least absolute errors.
REWEIGHTED = 20


class Scales(NamedTuple):
    """What labels are divided by: energy_rms (eV per atom), force_rms (eV/A), stress_rms (eV/A^3);
    atomic_eV: what the networks' outputs are multiplied by.
    """

    atomic_eV: float
    energy_rms: float
    force_rms: float
    stress_rms: float


def self_energies(frames: Frames, elements: Sequence[str], settings: Training) -> Floats:
    """Return the energy of an atom of each of these elements, eV, (S,), by least squares per atom.

    Of one element it is the frames' mean. With `huber` it is by least absolute errors, of one
    element the median. Frames without an energy are left out; an element that none holds gets 0.
    """
    known = frames.has("energy")
    per_atom = (frames.need("energy", "training") / frames.sizes)[known]
    if len(elements) == 1:
        return np.array([per_atom.mean() if settings.huber is None else np.median(per_atom)])
    shares, weight = frames.shares(elements)[known], np.ones(len(per_atom))
    for _ in range(1 if settings.huber is None else REWEIGHTED):
        rows = np.sqrt(weight)
        found = np.linalg.lstsq(shares * rows[:, None], per_atom * rows, rcond=None)[0]
        weight = 1 / np.maximum(np.abs(per_atom - shares @ found), ENERGY_FLOOR_EV)
    return np.asarray(found)


def energies_beyond(frames: Frames, elements: Sequence[str], self_energy: Floats) -> Floats:
    """Return the energies per atom, eV, (F,), without the elements' own (S,)."""
    per_atom = frames.need("energy", "training") / frames.sizes
    if len(self_energy) == 1:
        return np.asarray(per_atom - self_energy[0])
    return np.asarray(per_atom - frames.shares(elements) @ self_energy)


def scales(frames: Frames, settings: Training) -> Scales:
    """Return the scales of the labels that are trained on.

    The atomic energies' scale is the forces' times `LENGTH_A`, and at least the energies' an atom,
    less than which atomic energies cannot vary; without forces, the energies' of the whole frame
    over sqrt(N), as of independent atoms. Labels below their floor (forces of perfect crystals,
    energies of frames that are all alike) take their scale from the atomic energies', and a line
    says so: s_E = scale / sqrt(N), s_F = scale / `LENGTH_A`, s_S = scale / volume of an atom. N is
    the frames' mean number of atoms. With `huber` the largest labels play no part, see `_rms`.
    """
    atoms = float(frames.sizes.mean())
    whole = settings.huber is None
    elements = frames.elements
    beyond = energies_beyond(frames, elements, self_energies(frames, elements, settings))
    energy = _rms(beyond[frames.has("energy")], whole=whole)
    force = stress = 0.0
    if frames.forces is not None:
        force = _rms(frames.forces[frames.rows(frames.has("forces"))], whole=whole)
    if frames.stress is not None:
        stress = _rms(six(frames.stress[frames.has("stress")]), whole=whole)
    if settings.forces:
        told = force * LENGTH_A if force >= FORCE_FLOOR_EV_PER_A else 0.0
        # an energy below its floor may be all there is, and is no scale
        scale = max(told, energy, FORCE_FLOOR_EV_PER_A * LENGTH_A)
    else:
        scale = max(energy, ENERGY_FLOOR_EV) * math.sqrt(atoms)
    if energy < ENERGY_FLOOR_EV:
        _warn("energies", energy, "eV/atom about their mean")
        energy = scale / math.sqrt(atoms)
    if force < FORCE_FLOOR_EV_PER_A:
        if settings.forces:
            _warn("forces", force, "eV/A")
        force = scale / LENGTH_A
    if stress < STRESS_FLOOR_EV_PER_A3:
        if settings.stress_weight:
            _warn("stresses", stress, "eV/A^3")
        volume = float(frames.volume.mean()) / atoms
        stress = scale / volume if volume else scale
    return Scales(scale, energy, force, stress)


def six(stress: Floats) -> Floats:
    """Return the six components (F, 6) of stresses (F, 3, 3)."""
    return stress[:, VOIGT[:, 0], VOIGT[:, 1]]


def _rms(values: Floats, *, whole: bool) -> float:
    """Return the root mean square; unless of the whole, without the largest `TRIMMED_SHARE`."""
    if not whole:
        size = np.abs(values)
        values = values[size <= np.quantile(size, 1 - TRIMMED_SHARE)]
    return float(np.sqrt(np.mean(values**2)))


def _warn(what: str, rms: float, unit: str) -> None:
    say(
        f"training: the {what} of these frames are {rms:.1g} {unit}, which is rounding; they teach "
        "hardly anything: add frames in which they differ"
    )
