"""SOAP, the optimiser: Adam in the eigenbasis of the gradients' covariances.

Vyas et al., "SOAP: Improving and Stabilizing Shampoo using Adam", arXiv:2409.11321 (2024),
algorithm 3. Networks of an ensemble are apart: every member has bases of its own.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class Soap(torch.optim.Optimizer):
    """SOAP with decoupled weight decay, for parameters (M, a, b) of M networks.

    The covariances of the gradients' rows and columns, and both of Adam's moments, are running
    means with the share `beta` of the past. Their eigenvectors follow every `interval` steps, by a
    step of orthogonal iteration. The first step only finds the bases and moves nothing.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        lr: float,
        weight_decay: float,
        beta: float = 0.95,
        interval: int = 20,
    ) -> None:
        self.beta, self.interval = beta, interval
        super().__init__(list(parameters), {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Make one step with the gradients that the parameters hold."""
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                self._follow(state, parameter.grad)
                if state["step"] > 1:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.sub_(self._update(state), alpha=group["lr"])

    def _follow(self, state: dict[str, Any], gradient: Tensor) -> None:
        """Take a gradient into the covariances, the bases and the moments."""
        transposed = gradient.transpose(1, 2)
        sides = {"left": (gradient, transposed), "right": (transposed, gradient)}
        fresh = not state
        if fresh:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(gradient)
            state["exp_avg_sq"] = torch.zeros_like(gradient)
            for side, (rows, _) in sides.items():
                state[side] = rows.new_zeros(*rows.shape[:2], rows.shape[1])
        for side, factors in sides.items():
            state[side].baddbmm_(*factors, beta=self.beta, alpha=1 - self.beta)
            if fresh:
                # the largest first: the iteration below takes them one after the other
                basis = torch.linalg.eigh(state[side])[1].flip(2)
            elif state["step"] % self.interval == 0:
                basis = torch.linalg.qr(torch.bmm(state[side], state[f"{side}_basis"]))[0]
            else:
                continue
            # in memory as it comes out of a restart file: products depend on it in the last digits
            state[f"{side}_basis"] = basis.contiguous()
        state["step"] += 1
        state["exp_avg"].lerp_(gradient, 1 - self.beta)
        seen = self._into_basis(state, gradient)
        state["exp_avg_sq"].mul_(self.beta).addcmul_(seen, seen, value=1 - self.beta)

    @staticmethod
    def _into_basis(state: dict[str, Any], matrix: Tensor) -> Tensor:
        rows = torch.bmm(state["left_basis"].transpose(1, 2), matrix)
        return torch.bmm(rows, state["right_basis"])

    def _update(self, state: dict[str, Any]) -> Tensor:
        """Return Adam's step in the bases, turned back."""
        grown = 1 - self.beta ** float(state["step"])
        scale = (state["exp_avg_sq"] / grown).sqrt().add_(1e-8)
        step = self._into_basis(state, state["exp_avg"]).div_(grown).div_(scale)
        rows = torch.bmm(state["left_basis"], step)
        return torch.bmm(rows, state["right_basis"].transpose(1, 2))
