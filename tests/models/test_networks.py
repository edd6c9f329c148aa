"""The grouped networks and their explicit gradient."""

import numpy as np
import pytest
import torch

from potstill.descriptors.symmetry_functions import feature_count
from potstill.models.networks import Networks
from potstill.settings import Descriptor, Training


def networks(activation: str, elements: int) -> Networks:
    made = Networks(Training(members=3, layers=(10, 7), activation=activation), elements)
    made.initialise(1)
    return made.double()


def inputs(elements: int) -> torch.Tensor:
    """Return standardised features of six atoms."""
    values = np.random.default_rng(0).normal(size=(6, feature_count(Descriptor(), elements)))
    return torch.from_numpy(values)


# which of the elements six atoms are; of three, one has none
NUMBERS = {1: torch.zeros(6, dtype=torch.long), 3: torch.tensor([2, 0, 2, 2, 0, 0])}
TORCH = {
    "silu": torch.nn.functional.silu,
    "gelu": torch.nn.functional.gelu,
    "celu": lambda z: torch.nn.functional.celu(z, alpha=0.1),
}


@pytest.mark.parametrize("elements", [1, 3])
@pytest.mark.parametrize("activation", list(TORCH))
def test_values_and_gradient(activation: str, elements: int) -> None:
    """Each atom goes through the networks of its element alone."""
    made, numbers = networks(activation, elements), NUMBERS[elements]
    x = inputs(elements).requires_grad_()
    output, gradient = made.with_gradient(x, numbers)
    for m in range(3):
        for atom, number in enumerate(numbers.tolist()):
            h = x[atom]
            for layer, (weight, bias) in enumerate(zip(made.weights, made.biases, strict=True)):
                h = h @ weight[3 * number + m] + bias[3 * number + m, 0]
                h = TORCH[activation](h) if layer < 2 else h
            torch.testing.assert_close(output[m, atom], h[0])
            (expected,) = torch.autograd.grad(h.sum(), x, retain_graph=True)
            torch.testing.assert_close(gradient[m, atom], expected[atom])
    torch.testing.assert_close(made(x, numbers), output.detach())


@pytest.mark.parametrize(("activation", "elements"), [("silu", 1), ("gelu", 1), ("silu", 3)])
def test_one_backward_pass_differentiates_the_gradient(activation: str, elements: int) -> None:
    """Parameter gradients of a loss on values and on gradients, by finite differences."""
    made, x = networks(activation, elements), inputs(elements)
    random = np.random.default_rng(1)
    a, b = (torch.from_numpy(random.normal(size=s)) for s in ((3, 6), (3, *x.shape)))

    def loss() -> torch.Tensor:
        output, gradient = made.with_gradient(x, NUMBERS[elements])
        return (a * output).sum() + (b * gradient**2).sum()

    loss().backward()
    for parameter in made.parameters():
        index = tuple(int(random.integers(n)) for n in parameter.shape)
        index = (index[0] % 3, *index[1:])  # of an element that there is
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


def test_elements_start_apart() -> None:
    made = Networks(Training(members=2), 2)
    made.initialise(5)
    assert made.weights[0].shape == (4, feature_count(Descriptor(), 2), 64)
    assert len({weight[0, 0].item() for weight in made.weights[0]}) == 4
