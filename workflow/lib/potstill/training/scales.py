"""What labels are divided by in training, and the energies of the elements that are taken out."""

import math
from typing import NamedTuple

import numpy as np

from potstill.data.floors import (
    ENERGY_FLOOR_EV,
    FORCE_FLOOR_EV_PER_A,
    STRESS_FLOOR_EV_PER_A3,
)
from potstill.data.frames import Frames
from potstill.data.structures import Floats
from potstill.descriptors.elements import element_numbers
from potstill.descriptors.pair_strain import VOIGT
from potstill.runtime.progress import say
from potstill.settings import Training

# Atomic energies vary over about this distance, so that forces tell how large they are.
LENGTH_A = 1.0


class Scales(NamedTuple):
    """What labels are divided by: energy_rms (eV per atom), force_rms (eV/A), stress_rms (eV/A^3);
    atomic_eV: what the networks' outputs are multiplied by.
    """

    atomic_eV: float
    energy_rms: float
    force_rms: float
    stress_rms: float


def composition(frames: Frames) -> Floats:
    """Return the share of each element in each frame, (F, S), in the order of `frames.elements`."""
    of_frame = np.repeat(np.arange(len(frames)), frames.sizes)
    counts = np.zeros((len(frames), len(frames.elements)))
    np.add.at(counts, (of_frame, element_numbers(frames, frames.elements)), 1.0)
    return counts / frames.sizes[:, None]


def self_energies(frames: Frames) -> Floats:
    """Return the energy of an atom of each element, eV, (S,), by least squares per atom.

    Of one element it is the frames' mean. Frames without an energy are left out.
    """
    known = frames.has("energy")
    per_atom = (frames.need("energy", "training") / frames.sizes)[known]
    if len(frames.elements) == 1:
        return np.array([per_atom.mean()])
    return np.asarray(np.linalg.lstsq(composition(frames)[known], per_atom, rcond=None)[0])


def energies_beyond(frames: Frames, self_energy: Floats) -> Floats:
    """Return the energies per atom, eV, (F,), without the elements' own."""
    per_atom = frames.need("energy", "training") / frames.sizes
    if len(self_energy) == 1:
        return np.asarray(per_atom - self_energy[0])
    return np.asarray(per_atom - composition(frames) @ self_energy)


def scales(frames: Frames, settings: Training) -> Scales:
    """Return the scales of the labels that are trained on.

    The atomic energies' scale is the forces' times `LENGTH_A`, and at least the energies' an atom,
    less than which atomic energies cannot vary; without forces, the energies' of the whole frame
    over sqrt(N), as of independent atoms. Labels below their floor (forces of perfect crystals,
    energies of frames that are all alike) take their scale from the atomic energies', and a line
    says so: s_E = scale / sqrt(N), s_F = scale / `LENGTH_A`, s_S = scale / volume of an atom. N is
    the frames' mean number of atoms.
    """
    atoms = float(frames.sizes.mean())
    energy = _rms(energies_beyond(frames, self_energies(frames))[frames.has("energy")])
    force = stress = 0.0
    if frames.forces is not None:
        force = _rms(frames.forces[frames.rows(frames.has("forces"))])
    if frames.stress is not None:
        stress = _rms(six(frames.stress[frames.has("stress")]))
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


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _warn(what: str, rms: float, unit: str) -> None:
    say(
        f"training: the {what} of these frames are {rms:.1g} {unit}, which is rounding; they teach "
        "hardly anything: add frames in which they differ"
    )
