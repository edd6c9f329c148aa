"""torchani as the peer: a plain training loop, and an ensemble's predictions by its public calls.

torchani 2.9.0 loses all but the first frame of a periodic batch, so it gets one frame at a time.
"""

import os
import time
import warnings

import numpy as np
import torch
from ase import Atoms
from numpy.typing import NDArray
from torch import Tensor

from potstill.data.frames import Floats, Frames
from potstill.models.ensemble import Ensemble
from potstill.models.torchani_model import to_torchani
from potstill.training.loop import Trainer

os.environ.setdefault("TORCHANI_NO_WARN_EXTENSIONS", "1")

from torchani.aev import AEVComputer
from torchani.arch import ANI
from torchani.ase import from_ase
from torchani.neighbors import Neighbors
from torchani.nn import ANINetworks, AtomicNetwork
from torchani.sae import SelfEnergy
from torchani.units import HARTREE_TO_EV

PERIODIC = torch.tensor([True, True, True])
STRESS_KINDS = ("scaling", "fdotr")


class ScaledNetwork(AtomicNetwork):
    """torchani's network between standardised features and a scale (Hartree), as ours are trained.

    Folded into the weights, as in the export, they would change what AdamW does.
    """

    def __init__(self, sizes: list[int], mean: Tensor, std: Tensor, scale: float) -> None:
        super().__init__(sizes, torch.nn.SiLU(), bias=True)
        self.register_buffer("mean", mean.float())
        self.register_buffer("std", std.float())
        self.scale = scale

    def forward(self, features: Tensor) -> Tensor:
        """Return energies (A, 1), Hartree, of raw features (A, D)."""
        return self.scale * super().forward((features - self.mean) / self.std)


class Member:
    """One model with its own AdamW, from the initial weights of one member of `plan`."""

    def __init__(self, plan: Trainer, symbol: str, computer: AEVComputer, member: int) -> None:
        data, settings = plan.data, plan.settings
        weights = [w[member].detach() for w in plan.networks.weights]
        biases = [b[member, 0].detach() for b in plan.networks.biases]
        sizes = [len(weights[0]), *(len(b) for b in biases)]
        scale = data.scales.atomic_eV / HARTREE_TO_EV
        network = ScaledNetwork(sizes, data.mean[0], data.std[0], scale)
        self.layers = [*network.layers, network.final_layer]
        with torch.no_grad():
            for layer, weight, bias in zip(self.layers, weights, biases, strict=True):
                layer.weight.copy_(weight.T)
                layer.bias.copy_(bias)
        # no self energy, as in ours: the labels are what is beyond it
        self.model = ANI(
            [symbol], computer, ANINetworks({symbol: network}), SelfEnergy([symbol], [0.0])
        )
        self.parameters = list(network.parameters())
        rate, decay = settings.learning_rate, settings.weight_decay
        self.optimiser = torch.optim.AdamW(self.parameters, lr=rate, weight_decay=decay, fused=True)


class TorchaniTraining:
    """The training of `plan` in torchani: its initial weights, splits, minibatches and rates.

    The members train one after another, each on its own frames of a minibatch: energies by the
    model's call, one frame at a time, forces by autograd.
    """

    def __init__(self, plan: Trainer, frames: Frames, ensemble: Ensemble) -> None:
        self.plan, self.atoms = plan, frames.atoms
        self.positions = torch.from_numpy(frames.dense(frames.positions)).float()
        self.cells = torch.from_numpy(frames.cell).float()
        self.computer = to_torchani(ensemble).aev_computer.float()
        count = plan.settings.members
        self.members = [Member(plan, frames.symbol, self.computer, m) for m in range(count)]
        self.species = self.members[0].model.atomic_numbers.expand(1, frames.atoms)

    def run(self, steps: int) -> None:
        """Make `steps` optimiser steps of every member."""
        for _ in range(steps):
            batch, rate = torch.from_numpy(self.plan.batch()), self.plan.rate()
            for m, member in enumerate(self.members):
                self._step(member, batch[self.plan.train[m, batch] > 0], len(batch), rate)
            self.plan.fit.step += 1

    def weights(self) -> NDArray[np.float32]:
        """Return one row by member: weights (in, out) of all layers, then all biases (out,)."""
        rows = [
            torch.cat([*(a.weight.T.flatten() for a in m.layers), *(a.bias for a in m.layers)])
            for m in self.members
        ]
        return torch.stack(rows).detach().numpy()

    def energies(self, model: ANI, x: Tensor, batch: Tensor) -> Tensor:
        """Return energies (B,), Hartree, of the frames `batch`, their positions x (B, N, 3), A."""
        calls = [
            model((self.species, x[b, None]), self.cells[frame], PERIODIC).energies
            for b, frame in enumerate(batch)
        ]
        return torch.cat(calls)

    def _step(self, member: Member, batch: Tensor, size: int, rate: float) -> None:
        member.optimiser.param_groups[0]["lr"] = rate
        for parameter in member.parameters:  # zero, not None: a step without frames is one too
            parameter.grad = torch.zeros_like(parameter)
        if len(batch):
            total = self._losses(member.model, batch).sum()
            (total / (size * (1 - self.plan.settings.validation_share))).backward()
        member.optimiser.step()

    def _losses(self, model: ANI, batch: Tensor) -> Tensor:
        """Return the loss of each frame, (B,), as `frame_losses` defines it."""
        data, settings = self.plan.data, self.plan.settings
        x = self.positions[batch].requires_grad_()
        energy = HARTREE_TO_EV * self.energies(model, x, batch)
        (gradient,) = torch.autograd.grad(energy.sum(), x, create_graph=True)
        by_energy = energy / self.atoms - data.energy[batch]
        by_force = -gradient - data.forces.view_as(self.positions)[batch]
        mean_square = (by_force / data.scales.force_rms).square().mean(dim=(1, 2))
        return (
            settings.energy_weight * (by_energy / data.scales.energy_rms) ** 2
            + settings.force_weight * mean_square
        )


class ListedTorchaniTraining(TorchaniTraining):
    """The same with neighbour lists kept from the start, and so with all frames in one call.

    Not what torchani's call does, but what its `compute_from_neighbors` makes possible.
    """

    def __init__(self, plan: Trainer, frames: Frames, ensemble: Ensemble) -> None:
        super().__init__(plan, frames, ensemble)
        self.lists = [
            self._listed(x, cell) for x, cell in zip(self.positions, self.cells, strict=True)
        ]

    def _listed(self, x: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """Return pairs (2, P) of one frame, and the shifts (P, 3; A) of their differences."""
        found = self.members[0].model.neighborlist(
            self.computer.radial.cutoff,
            torch.zeros((1, len(x)), dtype=torch.long),
            x[None],
            cell,
            PERIODIC,
        )
        i, j = found.indices
        return found.indices, found.diff_vectors - (x[i] - x[j])

    def energies(self, model: ANI, x: Tensor, batch: Tensor) -> Tensor:
        """Return energies (B,), Hartree, of the frames `batch`, their positions x (B, N, 3), A."""
        lists = [self.lists[frame] for frame in batch]
        pairs = torch.cat([a + b * self.atoms for b, (a, _) in enumerate(lists)], dim=1)
        flat = x.view(-1, 3)
        difference = flat[pairs[0]] - flat[pairs[1]] + torch.cat([shifts for _, shifts in lists])
        neighbours = Neighbors(pairs, difference.norm(2, -1), difference)
        elements = torch.zeros(x.shape[:2], dtype=torch.long)
        return model.compute_from_neighbors(elements, x, neighbours).energies


def feature_scales(frames: Frames, ensemble: Ensemble) -> tuple[Floats, Floats, float]:
    """Return mean and standard deviation (D,) of torchani's features, and its CPU seconds."""
    began = time.process_time()
    computer = to_torchani(ensemble).aev_computer
    species = torch.zeros((1, frames.atoms), dtype=torch.long)
    with torch.no_grad():
        features = torch.cat(
            [
                computer(species, torch.from_numpy(x)[None], torch.from_numpy(cell), PERIODIC)
                for x, cell in zip(frames.dense(frames.positions), frames.cell, strict=True)
            ]
        ).numpy()
    mean, std = features.mean(axis=(0, 1)), features.std(axis=(0, 1))
    return mean, std, time.process_time() - began


# energy (eV), forces (N, 3; eV/A), stress (3, 3; eV/A^3), sigma (N,; eV)
Answer = tuple[float, Floats, Floats, Floats]


class TorchaniInference:
    """The exported ensemble, asked for energy, forces, stress and the sigma of each atom.

    `scripted` and `stress_kind` are what torchani's ASE calculator can be told for speed; its own
    model, scripted or not, also answers the calls that leave it aside.
    """

    def __init__(self, ensemble: Ensemble, stress_kind: str, *, scripted: bool) -> None:
        model = to_torchani(ensemble)
        with warnings.catch_warnings():  # TorchScript is deprecated, but it is what torchani offers
            warnings.simplefilter("ignore")
            self.calculator = model.ase(stress_kind=stress_kind, jit=scripted)

    def by_calculator(self, atoms: Atoms) -> Answer:
        """Ask the calculator's own method for all it has at once, and the model for sigma."""
        self.calculator.calculate(atoms, ["energy", "forces", "stress"])
        found = self.calculator.results
        return found["energy"], found["forces"], found["stress"], self._sigma(atoms)

    def by_property(self, atoms: Atoms) -> Answer:
        """Ask as ASE does, one property a call, and the model for sigma."""
        found = []
        for name in ("energy", "forces", "stress"):
            self.calculator.calculate(atoms, [name])
            found.append(self.calculator.results[name])
        return found[0], found[1], found[2], self._sigma(atoms)

    def by_model(self, atoms: Atoms) -> Answer:
        """Leave the calculator aside: one call of the model, strained, and one backward pass."""
        species, x, cell, periodic = from_ase(atoms, dtype=torch.float64)
        strain = x.new_zeros((3, 3)).requires_grad_()
        deformation = torch.eye(3, dtype=x.dtype) + 0.5 * (strain + strain.T)
        x = x @ deformation
        atomic = self._atomic(species, x, cell @ deformation, periodic)
        energy = atomic.mean(dim=0).sum()
        by_x, by_strain = torch.autograd.grad(energy, (x, strain))
        stress = by_strain / torch.linalg.det(cell).abs()
        sigma = atomic.std(dim=0, correction=0)
        return energy.item(), -by_x[0].numpy(), stress.numpy(), sigma.detach().numpy()

    def _sigma(self, atoms: Atoms) -> Floats:
        with torch.no_grad():
            atomic = self._atomic(*from_ase(atoms, dtype=torch.float64))
            return atomic.std(dim=0, correction=0).numpy()

    def _atomic(self, species: Tensor, x: Tensor, cell: Tensor, periodic: Tensor) -> Tensor:
        """Return atomic energies (M, N), eV."""
        model = self.calculator.model
        call = model((species, x), cell, periodic, atomic=True, ensemble_values=True)
        return HARTREE_TO_EV * call.energies[:, 0]
