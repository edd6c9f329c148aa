"""SOAP against what it must do exactly: orthogonal steps, turned problems, members apart."""

import pytest
import torch

from potstill.training.soap import Soap


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def descend(start, gradient_of, steps, **options):
    """Return the weights after some steps along the gradients of a function."""
    weights = start.clone().requires_grad_()
    optimiser = Soap([weights], **{"lr": 0.01, "weight_decay": 0.0} | options)
    for _ in range(steps):
        weights.grad = gradient_of(weights.detach())
        optimiser.step()
    return weights.detach()


@pytest.mark.parametrize("shape", [(4, 4), (3, 6), (6, 3), (5, 1), (1, 5)])
def test_without_a_past_a_step_is_the_orthogonal_factor_of_the_gradient(shape):
    """Shampoo's limit, equation 4 of Bernstein and Newhouse, arXiv:2409.20325: U V^T."""
    gradient = drawn(2, *shape)
    moved = descend(torch.zeros_like(gradient), lambda _: gradient, 2, lr=0.1, beta=0.0, interval=1)
    u, _, vh = torch.linalg.svd(gradient, full_matrices=False)
    torch.testing.assert_close(moved, -0.1 * u @ vh, rtol=1e-5, atol=1e-6)


def bowl(left, right):
    """The gradient of |left W right|^2 / 2."""
    return lambda w: left.mT @ left @ w @ right @ right.mT


def test_a_turned_problem_takes_the_turned_way():
    left, right = drawn(2, 5, 5), drawn(2, 4, 4, seed=1)
    turn_left, turn_right = (torch.linalg.qr(drawn(2, n, n, seed=n))[0] for n in (5, 4))
    start = drawn(2, 5, 4, seed=2)
    way = descend(start, bowl(left, right), 30)
    turned = descend(
        turn_left @ start @ turn_right,
        bowl(left @ turn_left.mT, turn_right.mT @ right),
        30,
    )
    assert (way - start).abs().max() > 0.1
    torch.testing.assert_close(turned, turn_left @ way @ turn_right, rtol=1e-4, atol=1e-5)


def test_members_do_not_know_of_each_other():
    left, right, start = drawn(3, 5, 5), drawn(3, 4, 4, seed=1), drawn(3, 5, 4, seed=2)
    together = descend(start, bowl(left, right), 50)
    for m in range(3):
        one = slice(m, m + 1)
        alone = descend(start[one], bowl(left[one], right[one]), 50)
        torch.testing.assert_close(together[one], alone, rtol=1e-9, atol=1e-12)


def test_it_gets_down_a_narrow_askew_valley_where_adam_does_not():
    turn_left, turn_right = (torch.linalg.qr(drawn(1, 8, 8, seed=n))[0] for n in (1, 2))
    narrow = torch.diag(torch.logspace(0, -2, 8, dtype=torch.float64))
    gradient_of = bowl(narrow @ turn_left, turn_right @ narrow)
    start = drawn(1, 8, 8)

    def depth(weights):
        return float((narrow @ turn_left @ weights @ turn_right @ narrow).square().sum())

    weights = start.clone().requires_grad_()
    adam = torch.optim.AdamW([weights], lr=0.01, weight_decay=0.0)
    for _ in range(300):
        weights.grad = gradient_of(weights.detach())
        adam.step()
    assert depth(descend(start, gradient_of, 300)) < 0.1 * depth(weights.detach()) < depth(start)


def test_weights_without_a_gradient_decay():
    start = drawn(2, 3, 4)
    after = descend(start, torch.zeros_like, 11, lr=0.1, weight_decay=0.5)
    torch.testing.assert_close(after, start * 0.95**10)  # the first step moves nothing
