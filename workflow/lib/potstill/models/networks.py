"""The networks: M multilayer perceptrons of one shape an element, as grouped matrices."""

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

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
    """M multilayer perceptrons for each of S elements: inputs (A, D) to outputs (M, A).

    weights[l]: (S M, in, out); biases[l]: (S M, 1, out); the members of one element come together.
    """

    def __init__(self, settings: Training, elements: int = 1) -> None:
        super().__init__()
        self.activation = settings.activation
        self.elements, self.members = elements, settings.members
        sizes = [feature_count(settings.descriptor, elements), *settings.layers, 1]
        shapes = list(itertools.pairwise(sizes))
        count = elements * settings.members
        self.weights = torch.nn.ParameterList([torch.zeros(count, a, b) for a, b in shapes])
        self.biases = torch.nn.ParameterList([torch.zeros(count, 1, b) for _, b in shapes])

    def initialise(self, seed: int) -> None:
        """Draw each network's weights from its own stream: normal, variance 1 / inputs; no bias.

        The stream of a network depends on its member and on the place of its element.
        """
        with torch.no_grad():
            for row in range(len(self.weights[0])):
                element, member = divmod(row, self.members)
                of_element = (element,) if element else ()
                random = stream(seed, "training", "weights", member, *of_element)
                for weight in self.weights:
                    inputs, outputs = weight.shape[1:]
                    drawn = random.normal(0, 1 / math.sqrt(inputs), (inputs, outputs))
                    weight[row] = torch.from_numpy(drawn)

    def forward(self, x: Tensor, numbers: Tensor) -> Tensor:
        """Return the outputs (M, A) for standardised features x (A, D).

        numbers (A,): which of the elements each atom is.
        """
        activate = _VALUES[self.activation]
        parts, place = self._by_element(x, numbers)
        return _joined([self._outputs(part, s, activate) for s, part in enumerate(parts)], place)

    def with_gradient(self, x: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs (M, A) and their gradient with respect to x, (M, A, D).

        numbers: as of `forward`.
        """
        parts, place = self._by_element(x, numbers)
        found = [self._with_gradient(part, s) for s, part in enumerate(parts)]
        outputs, gradients = zip(*found, strict=True)
        return _joined(outputs, place), _joined(gradients, place)

    def last_inputs(self, x: Tensor, numbers: Tensor) -> Tensor:
        """Return what the last layer of each network is given, (M, A, H).

        x, numbers: as of `forward`.
        """
        activate = _VALUES[self.activation]
        parts, place = self._by_element(x, numbers)
        found = [self._hidden(part, s, activate) for s, part in enumerate(parts)]
        return _joined(found, place)

    def _by_element(self, x: Tensor, numbers: Tensor) -> tuple[Sequence[Tensor], Tensor | None]:
        """Return x of the atoms of each element, and where each atom is in them one after another.

        Of one element alone they stay where they are: None.
        """
        if self.elements == 1:
            return [x], None
        order = torch.argsort(numbers, stable=True)
        counts = torch.bincount(numbers, minlength=self.elements)
        return torch.split(x[order], counts.tolist()), torch.argsort(order)

    def _layers(self, s: int) -> tuple[list[Tensor], list[Tensor]]:
        """Return weights and biases of the networks of one element."""
        weights, biases = list(self.weights), list(self.biases)  # slices of its own are slow
        if self.elements == 1:
            return weights, biases
        rows = slice(s * self.members, (s + 1) * self.members)
        return [weight[rows] for weight in weights], [bias[rows] for bias in biases]

    def _with_gradient(self, x: Tensor, s: int) -> tuple[Tensor, Tensor]:
        slopes = []

        def activate(z: Tensor) -> Tensor:
            h, slope = _ValueAndSlope.apply(z, self.activation)  # type: ignore[no-untyped-call]
            slopes.append(slope)
            return h

        output = self._outputs(x, s, activate)
        *hidden, last = self._layers(s)[0]
        gradient = last.transpose(1, 2)
        for weight, slope in zip(reversed(hidden), reversed(slopes), strict=True):
            gradient = torch.bmm(slope * gradient, weight.transpose(1, 2))
        return output, gradient

    def _outputs(self, x: Tensor, s: int, activate: Callable[[Tensor], Tensor]) -> Tensor:
        weights, biases = self._layers(s)
        h = self._hidden(x, s, activate)
        return torch.baddbmm(biases[-1], h, weights[-1]).squeeze(-1)

    def _hidden(self, x: Tensor, s: int, activate: Callable[[Tensor], Tensor]) -> Tensor:
        weights, biases = self._layers(s)
        h = x.expand(self.members, *x.shape)
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            h = activate(torch.baddbmm(bias, h, weight))
        return h


def _joined(parts: Sequence[Tensor], place: Tensor | None) -> Tensor:
    """Return what networks gave of the atoms of each element, (M, A, ...), in the atoms' order."""
    return parts[0] if place is None else torch.cat(list(parts), dim=1)[:, place]
