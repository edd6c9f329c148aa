"""The ensemble: M networks of one shape as grouped matrices, and the constants around them.

E_i = self energy + scale * network((D_i - mean) / std), the same constants for all members, so that
the spread of their atomic energies is the networks' own.
"""

import copy
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from potstill.descriptors.symmetry_functions import feature_count
from potstill.runtime.streams import stream
from potstill.settings import Training

# value, slope and, if asked for, curvature of an activation
_Derivatives = tuple[Tensor, Tensor, Tensor | None]


def _silu(z: Tensor, curvature: bool) -> _Derivatives:
    s = torch.sigmoid(z)
    value = z * s
    s_slope = s * (1 - s)
    slope = torch.addcmul(s, z, s_slope)
    return value, slope, s_slope * (2 + z * (1 - 2 * s)) if curvature else None


def _gelu(z: Tensor, curvature: bool) -> _Derivatives:
    density = torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    below = 0.5 * (1 + torch.erf(z / math.sqrt(2)))
    slope = torch.addcmul(below, z, density)
    return z * below, slope, density * (2 - z * z) if curvature else None


def _celu(z: Tensor, curvature: bool) -> _Derivatives:
    """CELU with alpha = 0.1, torchani's."""
    grown = torch.exp(z.clamp(max=0) * 10)
    positive = z > 0
    return (
        torch.where(positive, z, 0.1 * (grown - 1)),
        grown,
        torch.where(positive, 0.0, 10 * grown) if curvature else None,
    )


_ACTIVATIONS: dict[str, Callable[[Tensor, bool], _Derivatives]] = {
    "silu": _silu,
    "gelu": _gelu,
    "celu": _celu,
}
# values alone, torch's own: a third of the time of those with slopes
_VALUES: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": functional.silu,
    "gelu": functional.gelu,
    "celu": partial(functional.celu, alpha=0.1),
}


class _ValueAndSlope(torch.autograd.Function):
    """An activation's value and slope as one node, so that one backward pass trains on forces."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, activation: str) -> tuple[Tensor, Tensor]:
        # predictions differentiate nothing, and then curvature would be a third of the time
        value, slope, curvature = _ACTIVATIONS[activation](z, ctx.needs_input_grad[0])
        ctx.save_for_backward(slope, curvature)
        return value, slope

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        by_value, by_slope = gradients
        slope, curvature = ctx.saved_tensors
        return torch.addcmul(by_value * slope, by_slope, curvature), None


class Networks(torch.nn.Module):
    """M multilayer perceptrons side by side: inputs (A, D) to outputs (M, A).

    weights[l]: (M, in, out); biases[l]: (M, 1, out).
    """

    def __init__(self, settings: Training) -> None:
        super().__init__()
        self.activation = settings.activation
        sizes = [feature_count(settings.descriptor), *settings.layers, 1]
        shapes = list(itertools.pairwise(sizes))
        members = settings.members
        self.weights = torch.nn.ParameterList([torch.zeros(members, a, b) for a, b in shapes])
        self.biases = torch.nn.ParameterList([torch.zeros(members, 1, b) for _, b in shapes])

    def initialise(self, seed: int) -> None:
        """Draw each member's weights from its own stream: normal, variance 1 / inputs; no bias."""
        with torch.no_grad():
            for m in range(len(self.weights[0])):
                random = stream(seed, "training", "weights", m)
                for weight in self.weights:
                    inputs, outputs = weight.shape[1:]
                    drawn = random.normal(0, 1 / math.sqrt(inputs), (inputs, outputs))
                    weight[m] = torch.from_numpy(drawn)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (M, A) for standardised features x (A, D)."""
        return self._outputs(x, _VALUES[self.activation])

    def with_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs (M, A) and their gradient with respect to x, (M, A, D)."""
        slopes = []

        def activate(z: Tensor) -> Tensor:
            h, slope = _ValueAndSlope.apply(z, self.activation)  # type: ignore[no-untyped-call]
            slopes.append(slope)
            return h

        output = self._outputs(x, activate)
        *hidden, last = self.weights  # slices of a ParameterList are slow
        gradient = last.transpose(1, 2)
        for weight, slope in zip(reversed(hidden), reversed(slopes), strict=True):
            gradient = torch.bmm(slope * gradient, weight.transpose(1, 2))
        return output, gradient

    def _outputs(self, x: Tensor, activate: Callable[[Tensor], Tensor]) -> Tensor:
        *weights, last_weight = self.weights
        *biases, last_bias = self.biases
        h = x.expand(len(last_weight), *x.shape)
        for weight, bias in zip(weights, biases, strict=True):
            h = activate(torch.baddbmm(bias, h, weight))
        return torch.baddbmm(last_bias, h, last_weight).squeeze(-1)


@dataclass(frozen=True)
class Ensemble:
    """A trained ensemble.

    symbol: element; settings: how it was trained (descriptor, layers, ...); mean, std (D,): of the
    training features; self_energy_eV, scale_eV: constants of the atomic energy.
    """

    symbol: str
    settings: Training
    mean: Tensor
    std: Tensor
    self_energy_eV: float
    scale_eV: float
    networks: Networks

    @property
    def device(self) -> torch.device:
        """Where the networks run."""
        return self.mean.device

    def single(self) -> "Ensemble":
        """Return the ensemble in float32, as it was trained: energies alone take half the time."""
        networks = copy.deepcopy(self.networks).float()
        return replace(self, mean=self.mean.float(), std=self.std.float(), networks=networks)

    def atomic_energies(self, features: np.ndarray[Any, Any]) -> Tensor:
        """Return atomic energies (M, A), eV, for features (A, D)."""
        with torch.no_grad():
            return self._energies(self.networks(self._standardised(features)))

    def with_gradient(self, features: np.ndarray[Any, Any]) -> tuple[Tensor, Tensor]:
        """Return atomic energies (M, A), eV, and the members' mean of dE_i/dD_i, (A, D)."""
        with torch.no_grad():
            output, gradient = self.networks.with_gradient(self._standardised(features))
            return self._energies(output), gradient.mean(dim=0) * (self.scale_eV / self.std)

    def _standardised(self, features: np.ndarray[Any, Any]) -> Tensor:
        return (torch.from_numpy(features).to(self.mean) - self.mean) / self.std

    def _energies(self, output: Tensor) -> Tensor:
        return self.self_energy_eV + self.scale_eV * output.double()
