"""What training minimises: the loss of each member on each frame.

The loss of a frame is energy_weight (dE / (N s_E))^2 + force_weight mean((dF / s_F)^2) +
stress_weight mean((dS / s_S)^2) over the six components, with s_E, s_F and s_S the root mean square
of the training labels (energies: per atom, beyond the elements' own), so that weights and learning
rate mean the same for any element and unit. Where labels vary by less than their floor, what varies
is rounding: their scale is then made from that of the other labels, see `scales`. A label that a
frame lacks adds nothing.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from potstill.data.structures import Indices, atom_rows
from potstill.models.networks import Networks
from potstill.settings import Training
from potstill.training.prepare import Data


class Errors(NamedTuple):
    """Errors of energies per atom (M, B), eV, forces (M, A_b, 3) of the frames' atoms, eV/A, and
    stress (M, B, 6), eV/A^3; what is not trained on is empty, of labels that a frame lacks zero.
    sizes (B,): number of atoms of each frame.
    """

    energy: Tensor
    force: Tensor
    stress: Tensor
    sizes: Indices

    def by_frame(self, values: Tensor) -> Tensor:
        """Return the means (M, B) over frames' atoms and components of values (M, A_b, ...)."""
        return _frame_means(values, self.sizes)


def _frame_means(values: Tensor, sizes: Indices) -> Tensor:
    """Return the means (M, B) over each frame's atoms, and what they have, of (M, A_b, ...)."""
    if (sizes == sizes[0]).all():
        apart = values.view(len(values), len(sizes), int(sizes[0]), *values.shape[2:])
        return apart.mean(dim=tuple(range(2, apart.ndim)))
    each = values if values.ndim == 2 else values.flatten(2).mean(dim=2)
    count = torch.from_numpy(sizes).to(values.device)
    frame = torch.repeat_interleave(torch.arange(len(sizes), device=values.device), count)
    sums = each.new_zeros(len(each), len(sizes)).index_add(1, frame, each)
    return sums / count


def errors(networks: Networks, data: Data, batch: Indices) -> Errors:
    """Return the errors of each member on the frames `batch` (B,)."""
    chosen = torch.from_numpy(batch).to(data.x.device)
    sizes = data.start[batch + 1] - data.start[batch]
    atoms = torch.from_numpy(atom_rows(data.start, batch)).to(data.x.device)
    x, numbers = data.x[atoms], data.numbers[atoms]
    by_force = by_stress = x.new_zeros(0)
    if data.to_forces is None:
        output = networks(x, numbers)
    else:
        output, gradient = networks.with_gradient(x, numbers)
        scale = data.to_gradient
        g = gradient * (scale[0] if len(scale) == 1 else scale[numbers])
        by_force = data.to_forces(g, batch) - data.forces[atoms]
        if "forces" in data.known:
            has = data.known["forces"][chosen].repeat_interleave(
                torch.from_numpy(sizes).to(x.device)
            )
            by_force = by_force * has[:, None]
        if data.to_stress is not None:
            by_stress = data.to_stress(g, batch) - data.stress[chosen]
            if "stress" in data.known:
                by_stress = by_stress * data.known["stress"][chosen, None]
    energy = data.scales.atomic_eV * _frame_means(output, sizes) - data.energy[chosen]
    if "energy" in data.known:
        energy = energy * data.known["energy"][chosen]
    return Errors(energy, by_force, by_stress, sizes)


def frame_losses(found: Errors, data: Data, settings: Training) -> Tensor:
    """Return the loss of each member and frame, (M, B), of the errors."""
    scales = data.scales
    loss = settings.energy_weight * _penalty(found.energy / scales.energy_rms, settings)
    if len(found.force):
        mean = found.by_frame(_penalty(found.force / scales.force_rms, settings))
        loss = loss + settings.force_weight * mean
    if len(found.stress):
        mean = _penalty(found.stress / scales.stress_rms, settings).mean(dim=2)
        loss = loss + settings.stress_weight * mean
    return loss


def _penalty(error: Tensor, settings: Training) -> Tensor:
    """Return the squares of errors in units of their scale, or Huber's function of them."""
    if settings.huber is None:
        return error.square()
    size = error.abs()
    return torch.where(
        size < settings.huber, size * size, settings.huber * (2 * size - settings.huber)
    )
