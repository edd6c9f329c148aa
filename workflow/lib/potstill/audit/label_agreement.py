"""Do two kinds of labels of the same frames agree, as one linear model explains both?

Energies, forces and stress are all linear in the weights w of E = sum_i w.D_i. If the labels are in
units that belong together, one w explains both kinds. If not, it does so only after one kind is
multiplied by the factor that is missing. Few frames leave w free, so that it explains right labels
whatever they are: they never look worse in their own units than in others.
"""

from typing import NamedTuple, Self

import numpy as np

from potstill.data.structures import Floats, Indices, Mask, frame_sums

# Factors that are taken for one, as the linear model is not the truth, and those that are not.
NEAR = (1.0, 0.33, 0.5, 0.7, 1.4, 2.0, 3.0)
FAR = tuple(
    sign * size
    for size in np.logspace(-3, 3, 49)
    for sign in (1.0, -1.0)
    if sign < 0 or not 0.2 < size < 5
)
RIDGE = 1e-6
# Unexplained shares below this are the ridge's and rounding's.
UNEXPLAINED_FLOOR = 1e-6
# Rounds of the fit to most labels.
ROUNDS = 30
# Standard errors that make a finding sure.
ERRORS = 2.0


class Labels(NamedTuple):
    """Labels of F frames, R in all: design (R, D), what each weight adds; values (R,).

    rows (F,): how many each frame has, one frame after another.
    """

    design: Floats
    values: Floats
    rows: Indices

    @classmethod
    def dense(cls, design: Floats, values: Floats) -> Self:
        """Return as many labels of each frame: design (F, R, D), values (F, R)."""
        frames, each = values.shape
        return cls(design.reshape(frames * each, -1), values.ravel(), np.full(frames, each))

    def of(self, which: Mask) -> Self:
        """Return the labels of the frames that a mask (F,) tells."""
        here = np.repeat(which, self.rows)
        return self._replace(
            design=self.design[here], values=self.values[here], rows=self.rows[which]
        )

    def scaled(self, factor: float) -> Self:
        """Return the labels times a factor, both sides over the size of the values then."""
        size = abs(factor) * np.sqrt((self.values**2).sum())
        return self._replace(design=self.design / size, values=self.values * (factor / size))

    def unexplained(self, w: Floats) -> Floats:
        """Return the sum of squares of each frame (F,) that w leaves."""
        return frame_sums((self.values - self.design @ w) ** 2, self.rows)


class Share(NamedTuple):
    """Share of the sum of squares that is explained, and its standard error over the frames."""

    value: float
    error: float

    def surely_below(self, least: float) -> bool:
        """Return whether it is below `least` by several standard errors."""
        return self.value + ERRORS * self.error < least


class Agreement(NamedTuple):
    """How well one model explains both kinds of labels.

    factor: what the second kind must be multiplied by to be explained best. ratio: share that is
    unexplained with factors near one over that with the best far one; of right labels below one or
    so. sure: whether it is above one by several standard errors. explained: the lesser of the two
    shares that are explained with the best factor.
    """

    factor: float
    ratio: float
    sure: bool
    explained: float


def fit(*kinds: Labels) -> Floats:
    """Return the weights (D,) that explain the labels, by ridge regression."""
    design = np.concatenate([labels.design for labels in kinds])
    values = np.concatenate([labels.values for labels in kinds])
    return _solve(design.T @ design, design.T @ values)


def fit_most(labels: Labels) -> Floats:
    """Return the weights (D,) of the least sum of absolute deviations.

    Some labels that are far off hardly move them, as they do those of `fit`.
    """
    w = fit(labels)
    for _ in range(ROUNDS):
        away = np.abs(labels.values - labels.design @ w)
        floor = 0.01 * np.median(away) + np.finfo(float).tiny
        root = 1 / np.sqrt(np.maximum(away, floor))
        root /= root.max()
        w = fit(labels._replace(design=labels.design * root[:, None], values=labels.values * root))
    return w


def share(labels: Labels, w: Floats) -> Share:
    """Return the share of the labels' squares that w explains."""
    left, all_ = labels.unexplained(w), frame_sums(labels.values**2, labels.rows)
    without = 1 - (left.sum() - left) / np.maximum(all_.sum() - all_, np.finfo(float).tiny)
    return Share(1 - float(left.sum() / all_.sum()), _jackknife(without))


def agreement(first: Labels, second: Labels) -> Agreement:
    """Return whether one model explains both kinds of labels of the same frames.

    And with which factor.
    """
    first = first.scaled(1.0)
    square, product = first.design.T @ first.design, first.design.T @ first.values
    unit = second.scaled(1.0)
    square_2, product_2 = unit.design.T @ unit.design, unit.design.T @ unit.values

    def left(factor: float) -> tuple[Floats, Floats]:
        w = _solve(square + square_2 / factor**2, product + product_2 / factor)
        return first.unexplained(w), second.scaled(factor).unexplained(w)

    def left_in_all(factor: float) -> float:
        return float(np.add(*left(factor)).sum())

    near, far = min(NEAR, key=left_in_all), min(FAR, key=left_in_all)
    floor = UNEXPLAINED_FLOOR / len(unit.rows)
    by_near, by_far = np.add(*left(near)) + floor, np.add(*left(far)) + floor
    ratio = float(by_near.sum() / by_far.sum())
    without = np.log((by_near.sum() - by_near) / (by_far.sum() - by_far))
    best = near if ratio < 1 else far
    explained = 1 - max(float(part.sum()) for part in left(best))
    sure = bool(np.log(ratio) > ERRORS * _jackknife(without))
    return Agreement(float(best), ratio, sure, explained)


def _jackknife(without: Floats) -> float:
    """Return the standard error of a statistic from its values (F,) without each frame."""
    return float(np.sqrt((len(without) - 1) * without.var()))


def _solve(square: Floats, product: Floats) -> Floats:
    square = square + RIDGE * np.trace(square) / len(square) * np.eye(len(square))
    return np.asarray(np.linalg.solve(square, product), dtype=np.float64)
