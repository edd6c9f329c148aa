"""What training minimises: scaled data, and the loss of each member on each frame.

The loss of a frame is energy_weight (dE / (N s_E))^2 + force_weight mean((dF / s_F)^2), with s_E
and s_F the root mean square of the training labels (energies: per atom, about their mean), so that
weights and learning rate mean the same for any element and unit.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from potstill.errors import PotstillError
from potstill.frames import Frames
from potstill.sections import Training
from potstill.training.descriptors import describe, describe_with_pairs
from potstill.training.ensemble import Networks
from potstill.training.pair_forces import ForceMap, force_map


@dataclass(frozen=True)
class Data:
    """Training frames as float32 tensors, and the constants that scale them.

    x (F, N, D): standardised features; energy (F,): eV per atom beyond the self energy; forces
    (F, N, 3): eV/A; to_forces: map from dE/dD to forces, None for energies only; to_gradient (D,):
    eV, from a network's gradient to dE/dD; mean, std (D,) float64; scale_eV: of atomic energies.
    """

    x: Tensor
    energy: Tensor
    forces: Tensor
    to_forces: ForceMap | None
    to_gradient: Tensor
    mean: Tensor
    std: Tensor
    self_energy_eV: float
    scale_eV: float
    energy_rms: float
    force_rms: float


def _rms(values: NDArray[np.float64]) -> float:
    """Return the root mean square, or 1 where it says nothing (all zero)."""
    return float(np.sqrt(np.mean(values**2))) or 1.0


def prepare(frames: Frames, settings: Training, device: str) -> Data:
    """Compute descriptors and scales; PotstillError names the frame with a bad label."""
    for name in ("energy", "forces") if settings.forces else ("energy",):
        values = getattr(frames, name).reshape(len(frames), -1)
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            raise PotstillError(
                f"frame {int(np.argmax(bad))}: its {name} label is not a number; remove the frame"
            )
    to_forces = None
    if settings.forces:
        features, pairs = describe_with_pairs(
            frames.positions, frames.cell, settings.descriptor, np.float32
        )
        to_forces = force_map(pairs, device)
    else:
        features = describe(frames.positions, frames.cell, settings.descriptor)
    mean, std = features.mean(axis=(0, 1)), features.std(axis=(0, 1))
    std = np.maximum(std, 1e-6)  # a feature that never changes says nothing
    per_atom = frames.energy / frames.atoms
    self_energy = float(per_atom.mean())
    energy_rms = _rms(per_atom - self_energy)
    force_rms = _rms(frames.forces)
    # atomic energies vary over about an angstrom, so forces tell their size; else energies do
    scale = force_rms if settings.forces else energy_rms * math.sqrt(frames.atoms)

    def single(values: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(device)

    return Data(
        x=single((features - mean) / std),
        energy=single(per_atom - self_energy),
        forces=single(frames.forces),
        to_forces=to_forces,
        to_gradient=single(scale / std),
        mean=torch.from_numpy(mean),
        std=torch.from_numpy(std),
        self_energy_eV=self_energy,
        scale_eV=scale,
        energy_rms=energy_rms,
        force_rms=force_rms,
    )


def errors(networks: Networks, data: Data, batch: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Return the errors of energies per atom (M, B), eV, and of forces (M, B, N, 3), eV/A.

    Without forces the second is empty.
    """
    chosen = torch.from_numpy(batch).to(data.x.device)
    x = data.x[chosen]
    frames, atoms, features = x.shape
    if data.to_forces is None:
        output = networks(x.view(-1, features))
        by_force = x.new_zeros(0)
    else:
        output, gradient = networks.with_gradient(x.view(-1, features))
        g = (gradient * data.to_gradient).view(-1, frames, atoms, features)
        by_force = data.to_forces(g, batch) - data.forces[chosen]
    energy = data.scale_eV * output.view(-1, frames, atoms).mean(dim=2)
    return energy - data.energy[chosen], by_force


def frame_losses(by_energy: Tensor, by_force: Tensor, data: Data, settings: Training) -> Tensor:
    """Return the loss of each member and frame, (M, B), of the errors."""
    loss = settings.energy_weight * (by_energy / data.energy_rms) ** 2
    if len(by_force):
        mean_square = (by_force / data.force_rms).square().mean(dim=(2, 3))
        loss = loss + settings.force_weight * mean_square
    return loss
