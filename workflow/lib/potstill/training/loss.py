"""What training minimises: scaled data, and the loss of each member on each frame.

The loss of a frame is energy_weight (dE / (N s_E))^2 + force_weight mean((dF / s_F)^2) +
stress_weight mean((dS / s_S)^2) over the six components, with s_E, s_F and s_S the root mean square
of the training labels (energies: per atom, about their mean), so that weights and learning rate
mean the same for any element and unit. Where labels vary by less than their floor, what varies is
rounding: their scale is then made from that of the other labels, see `Scales`.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from potstill.data.floors import (
    ENERGY_FLOOR_EV,
    FORCE_FLOOR_EV_PER_A,
    STRESS_FLOOR_EV_PER_A3,
)
from potstill.data.frames import Frames, Label
from potstill.descriptors.pair_forces import ForceMap, FreshForces, force_map
from potstill.descriptors.pair_strain import VOIGT, strain_slopes
from potstill.descriptors.symmetry_functions import (
    Pairs,
    describe,
    describe_with_pairs,
    pairs_bytes,
    smallest_spread,
)
from potstill.errors import PotstillError
from potstill.models.ensemble import Networks
from potstill.runtime.progress import say
from potstill.settings import KEPT_BYTES, Training

# Atomic energies vary over about this distance, so that forces tell how large they are.
LENGTH_A = 1.0
# Frames whose derivatives are in memory at once where they are not kept.
PART_FRAMES = 200


@dataclass(frozen=True)
class Data:
    """Training frames as float32 tensors, and the constants that scale them.

    x (F, N, D): standardised features; energy (F,): eV per atom beyond the self energy; forces (F,
    N, 3): eV/A; stress (F, 6): eV/A^3, both empty where they are not trained on; to_forces: map
    from dE/dD to forces, None for energies only; to_stress (F, 6, N D): from dE/dD to the
    stress, None where it is left out; to_gradient (D,): eV, from a network's gradient to dE/dD;
    mean, std (D,) float64; scale_eV: of atomic energies.
    """

    x: Tensor
    energy: Tensor
    forces: Tensor
    stress: Tensor
    to_forces: ForceMap | None
    to_stress: Tensor | None
    to_gradient: Tensor
    mean: Tensor
    std: Tensor
    self_energy_eV: float
    scale_eV: float
    energy_rms: float
    force_rms: float
    stress_rms: float


class Errors(NamedTuple):
    """Errors of energies per atom (M, B), eV, forces (M, B, N, 3), eV/A, and stress (M, B, 6),
    eV/A^3; what is not trained on is empty.
    """

    energy: Tensor
    force: Tensor
    stress: Tensor


class Scales(NamedTuple):
    """What labels are divided by: energy_rms (eV per atom), force_rms (eV/A), stress_rms (eV/A^3);
    atomic_eV: what the networks' outputs are multiplied by.
    """

    atomic_eV: float
    energy_rms: float
    force_rms: float
    stress_rms: float


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))


def scales(frames: Frames, settings: Training) -> Scales:
    """Return the scales of the labels that are trained on.

    The atomic energies' scale is the forces' times `LENGTH_A`, and at least the energies' an atom,
    less than which atomic energies cannot vary; without forces, the energies' of the whole frame
    over sqrt(N), as of independent atoms. Labels below their floor (forces of perfect crystals,
    energies of frames that are all alike) take their scale from the atomic energies', and a line
    says so: s_E = scale / sqrt(N), s_F = scale / `LENGTH_A`, s_S = scale / volume of an atom.
    """
    per_atom = frames.need("energy", "training") / frames.atoms
    energy = _rms(per_atom - per_atom.mean())
    force = 0.0 if frames.forces is None else _rms(frames.forces)
    stress = 0.0 if frames.stress is None else _rms(_six(frames.stress))
    if settings.forces:
        told = force * LENGTH_A if force >= FORCE_FLOOR_EV_PER_A else 0.0
        # an energy below its floor may be all there is, and is no scale
        scale = max(told, energy, FORCE_FLOOR_EV_PER_A * LENGTH_A)
    else:
        scale = max(energy, ENERGY_FLOOR_EV) * math.sqrt(frames.atoms)
    volume = float(np.abs(np.linalg.det(frames.cell)).mean()) / frames.atoms
    if energy < ENERGY_FLOOR_EV:
        _warn("energies", energy, "eV/atom about their mean")
        energy = scale / math.sqrt(frames.atoms)
    if force < FORCE_FLOOR_EV_PER_A:
        if settings.forces:
            _warn("forces", force, "eV/A")
        force = scale / LENGTH_A
    if stress < STRESS_FLOOR_EV_PER_A3:
        if settings.stress_weight:
            _warn("stresses", stress, "eV/A^3")
        stress = scale / volume
    return Scales(scale, energy, force, stress)


def _six(stress: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the six components (F, 6) of stresses (F, 3, 3)."""
    return stress[:, VOIGT[:, 0], VOIGT[:, 1]]


def _warn(what: str, rms: float, unit: str) -> None:
    say(
        f"training: the {what} of these frames are {rms:.1g} {unit}, which is rounding; they teach "
        "hardly anything: add frames in which they differ"
    )


def _strain_map(frames: Frames, pairs: Pairs) -> NDArray[np.floating]:
    """Return the map (F, 6, N D) from dE/dD to the stress."""
    volume = np.abs(np.linalg.det(frames.cell)).astype(np.float32)
    slopes = strain_slopes(pairs, frames.atoms)
    slopes /= volume[:, None, None, None]
    return slopes.reshape(len(frames), len(VOIGT), -1)


def _described(
    frames: Frames, settings: Training, device: str
) -> tuple[NDArray[np.float64], ForceMap | None, Tensor | None]:
    """Return the features (F, N, D), and the maps from dE/dD to forces and to the stress."""
    functions = settings.descriptor
    given = frames.positions, frames.cell
    if not settings.forces:
        return describe(*given, functions), None, None
    to_stress = []
    if pairs_bytes(*given, functions, np.float32) <= KEPT_BYTES:
        features, pairs = describe_with_pairs(*given, functions, np.float32)
        to_forces = force_map(pairs, device)
        if settings.stress_weight:
            to_stress = [_strain_map(frames, pairs)]
    else:
        parts = []
        for first in range(0, len(frames), PART_FRAMES):
            part = frames[first : first + PART_FRAMES]
            found, pairs = describe_with_pairs(
                part.positions, part.cell, functions, np.float32, first=first
            )
            parts.append(found)
            if settings.stress_weight:
                to_stress.append(_strain_map(part, pairs))
        features = np.concatenate(parts)
        to_forces = FreshForces(*given, functions, device)
    if not to_stress:
        return features, to_forces, None
    return features, to_forces, torch.from_numpy(np.concatenate(to_stress)).to(device)


def prepare(frames: Frames, settings: Training, device: str) -> Data:
    """Compute descriptors and scales; PotstillError names the frame with a bad label."""
    trained: dict[Label, bool] = {
        "energy": True,
        "forces": settings.forces,
        "stress": settings.stress_weight > 0,
    }
    labels = {name: frames.need(name, "training") for name, wanted in trained.items() if wanted}
    for name, values in labels.items():
        values = values.reshape(len(frames), -1)
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            raise PotstillError(
                f"frame {int(np.argmax(bad))}: its {name} label is not a number; remove the frame"
            )
    features, to_forces, to_stress = _described(frames, settings, device)
    mean, std = features.mean(axis=(0, 1)), features.std(axis=(0, 1))
    std = np.maximum(std, smallest_spread(settings.descriptor))
    per_atom = labels["energy"] / frames.atoms
    self_energy = float(per_atom.mean())
    none = np.zeros(0)
    found = scales(frames, settings)

    def single(values: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(device)

    return Data(
        x=single((features - mean) / std),
        energy=single(per_atom - self_energy),
        forces=single(labels.get("forces", none)),
        stress=single(_six(labels["stress"]) if "stress" in labels else none),
        to_forces=to_forces,
        to_stress=to_stress,
        to_gradient=single(found.atomic_eV / std),
        mean=torch.from_numpy(mean),
        std=torch.from_numpy(std),
        self_energy_eV=self_energy,
        scale_eV=found.atomic_eV,
        energy_rms=found.energy_rms,
        force_rms=found.force_rms,
        stress_rms=found.stress_rms,
    )


def errors(networks: Networks, data: Data, batch: NDArray[np.int64]) -> Errors:
    """Return the errors of each member on the frames `batch` (B,)."""
    chosen = torch.from_numpy(batch).to(data.x.device)
    x = data.x[chosen]
    frames, atoms, features = x.shape
    by_force = by_stress = x.new_zeros(0)
    if data.to_forces is None:
        output = networks(x.view(-1, features))
    else:
        output, gradient = networks.with_gradient(x.view(-1, features))
        g = (gradient * data.to_gradient).view(-1, frames, atoms, features)
        by_force = data.to_forces(g, batch) - data.forces[chosen]
        if data.to_stress is not None:
            stress = torch.bmm(g.flatten(2).transpose(0, 1), data.to_stress[chosen].transpose(1, 2))
            by_stress = stress.transpose(0, 1) - data.stress[chosen]
    energy = data.scale_eV * output.view(-1, frames, atoms).mean(dim=2)
    return Errors(energy - data.energy[chosen], by_force, by_stress)


def frame_losses(found: Errors, data: Data, settings: Training) -> Tensor:
    """Return the loss of each member and frame, (M, B), of the errors."""
    loss = settings.energy_weight * (found.energy / data.energy_rms) ** 2
    if len(found.force):
        mean_square = (found.force / data.force_rms).square().mean(dim=(2, 3))
        loss = loss + settings.force_weight * mean_square
    if len(found.stress):
        mean_square = (found.stress / data.stress_rms).square().mean(dim=2)
        loss = loss + settings.stress_weight * mean_square
    return loss
