"""The grouped networks and their explicit gradient."""

import numpy as np
import pytest
import torch

from potstill.descriptors.symmetry_functions import feature_count
from potstill.models.ensemble import Networks
from potstill.settings import Descriptor, Training


def networks(activation: str) -> Networks:
    made = Networks(Training(members=3, layers=(10, 7), activation=activation))
    made.initialise(1)
    return made.double()


X = torch.from_numpy(np.random.default_rng(0).normal(size=(6, feature_count(Descriptor()))))
TORCH = {
    "silu": torch.nn.functional.silu,
    "gelu": torch.nn.functional.gelu,
    "celu": lambda z: torch.nn.functional.celu(z, alpha=0.1),
}


@pytest.mark.parametrize("activation", list(TORCH))
def test_values_and_gradient(activation: str) -> None:
    made = networks(activation)
    x = X.clone().requires_grad_()
    output, gradient = made.with_gradient(x)
    for m in range(3):
        h = x
        for layer, (weight, bias) in enumerate(zip(made.weights, made.biases, strict=True)):
            h = h @ weight[m] + bias[m]
            h = TORCH[activation](h) if layer < 2 else h
        torch.testing.assert_close(output[m], h[:, 0])
        (expected,) = torch.autograd.grad(h.sum(), x, retain_graph=True)
        torch.testing.assert_close(gradient[m], expected)
    torch.testing.assert_close(made(X), output.detach())


@pytest.mark.parametrize("activation", ["silu", "gelu"])
def test_one_backward_pass_differentiates_the_gradient(activation: str) -> None:
    """Parameter gradients of a loss on values and on gradients, by finite differences."""
    made = networks(activation)
    random = np.random.default_rng(1)
    a, b = (torch.from_numpy(random.normal(size=s)) for s in ((3, 6), (3, *X.shape)))

    def loss() -> torch.Tensor:
        output, gradient = made.with_gradient(X)
        return (a * output).sum() + (b * gradient**2).sum()

    loss().backward()
    for parameter in made.parameters():
        index = tuple(int(random.integers(n)) for n in parameter.shape)
        with torch.no_grad():
            parameter[index] += 1e-5
            plus = loss()
            parameter[index] -= 2e-5
            minus = loss()
            parameter[index] += 1e-5
        grad = parameter.grad
        assert grad is not None
        numerical = float(plus - minus) / 2e-5
        assert float(grad[index]) == pytest.approx(numerical, rel=1e-6, abs=1e-7)


def test_members_start_apart_and_do_not_depend_on_their_number() -> None:
    few, many = Networks(Training(members=2)), Networks(Training(members=4))
    few.initialise(5)
    many.initialise(5)
    torch.testing.assert_close(few.weights[0], many.weights[0][:2], rtol=0, atol=0)
    assert not torch.allclose(many.weights[0][0], many.weights[0][1])
