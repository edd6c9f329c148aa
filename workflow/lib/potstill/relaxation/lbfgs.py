"""Limited-memory BFGS of many minimisations side by side, each with a history of its own.

The inverse Hessian is a first guess, corrected by the last steps s and changes of the gradient y:
Nocedal, Math. Comp. 35, 773 (1980). The guess is scaled so that it is right along the last step
(Liu and Nocedal, Math. Program. 45, 503 (1989)). Minimisations never meet in any of the sums.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# steps that are remembered
MEMORY = 20
# cosine between s and y below which a step tells nothing of a minimum
_LEAST_CURVATURE = 1e-8


@dataclass
class History:
    """What F minimisations of n coordinates remember.

    guess (F, n, n): first inverse Hessians; steps, changes (F, MEMORY, n): s and y, newest first;
    rho (F, MEMORY): 1 / (s . y), zero where there is no step yet; scale (F,): of the guess.
    """

    guess: Floats
    steps: Floats
    changes: Floats
    rho: Floats
    scale: Floats

    @classmethod
    def start(cls, guess: Floats) -> "History":
        """Return histories without steps."""
        count, size = guess.shape[:2]
        steps = np.zeros((count, MEMORY, size))
        return cls(guess, steps, steps.copy(), np.zeros((count, MEMORY)), np.ones(count))

    def keep(self, rows: Mask) -> None:
        """Forget all minimisations but these."""
        for name, array in vars(self).items():
            setattr(self, name, array[rows])

    def add(self, step: Floats, change: Floats, rows: Mask) -> None:
        """Remember the steps of `rows` (F,) and the changes of their gradients, (F, n) both.

        Those of negative curvature are left out, so that the inverse Hessian stays positive.
        """
        curvature = _dot(step, change)
        least = _LEAST_CURVATURE * np.sqrt(_dot(step, step) * _dot(change, change))
        rows = rows & (curvature > least)
        rho = 1 / np.where(rows, curvature, 1.0)
        for array, newest in ((self.steps, step), (self.changes, change), (self.rho, rho)):
            array[rows, 1:] = array[rows, :-1]
            array[rows, 0] = newest[rows]
        expected = _dot(change, self._guessed(change))
        self.scale[rows] = curvature[rows] / expected[rows]

    def newton_step(self, gradient: Floats) -> Floats:
        """Return minus the inverse Hessian times the gradient (F, n), by the two-loop recursion."""
        used = int((self.rho > 0).sum(axis=1).max(initial=0))
        q = gradient.copy()
        alpha = np.zeros_like(self.rho)
        for k in range(used):
            alpha[:, k] = self.rho[:, k] * _dot(self.steps[:, k], q)
            q -= alpha[:, k, None] * self.changes[:, k]
        q = self.scale[:, None] * self._guessed(q)
        for k in reversed(range(used)):
            beta = self.rho[:, k] * _dot(self.changes[:, k], q)
            q += (alpha[:, k] - beta)[:, None] * self.steps[:, k]
        return -q

    def _guessed(self, vectors: Floats) -> Floats:
        return (self.guess @ vectors[:, :, None])[:, :, 0]


def _dot(a: Floats, b: Floats) -> Floats:
    return (a * b).sum(axis=1)
