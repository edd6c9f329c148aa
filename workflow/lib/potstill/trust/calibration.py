"""By what sigma is too small, found on the frames that a model was trained on.

Each member leaves out some of the frames. The mean of those that left a frame out errs on it as
theirs would on a new one. Two things differ for a new frame, and both are found where several
members left out the same one: all members' mean errs less than that of a few, and members disagree
more than on a frame that most of them know.
"""

from typing import NamedTuple

import numpy as np

from potstill.data.structures import Floats, Indices, Mask
from potstill.trust.assessment import WITHIN, member_spread


class Calibration(NamedTuple):
    """within: by what sigma is multiplied so that 68.3% and 95.4% of the errors are below.

    growth: by what sigma is larger on new frames than on those trained on. NaN and 1 where no
    member left out a frame with this label.
    """

    within: tuple[float, ...]
    growth: float


def calibrate(predicted: Floats, label: Floats, held: Mask, *, smallest: float) -> Calibration:
    """Return what out-of-fold errors say of sigma.

    predicted (M, G, C): C values of G things by member; label (G, C); held (M, G): what each member
    did not train on. sigma (G,) is the `member_spread`; things of one below `smallest` are left
    out.
    """
    members = len(predicted)
    sigma = member_spread(predicted)
    left_out = held.sum(axis=0)
    told = (left_out > 0) & (sigma >= smallest)
    if not told.any():
        return Calibration((float("nan"),) * len(WITHIN), 1.0)
    units = predicted[:, told] / sigma[told, None]
    ratio = _spread_ratio(units, held[:, told])
    # the spread of members that all left it out, of one that k of them did
    grown = ratio * members / (members + left_out * (ratio - 1))
    few = left_out[told]
    mean = np.where(held[:, told, None], units, 0).sum(axis=0) / few[:, None]
    error = (mean - label[told] / sigma[told, None]) / np.sqrt(grown[told, None])
    square = float((error**2).mean())
    # the mean of all members has less of their spread than that of a few
    less = members / (members - 1) * float((1 / few - 1 / members).mean())
    left = max(square - less, 1 / (members - 1))
    quantiles = np.quantile(np.abs(error), list(WITHIN.values())) * np.sqrt(left / square)
    growth = float(np.sqrt(grown[sigma >= smallest].mean()))
    return Calibration(tuple(float(q) for q in quantiles), growth)


def _spread_ratio(predicted: Floats, held: Mask) -> float:
    """Return the variance of members that left a thing out by that of those that trained on it.

    predicted (M, G, C), held (M, G). Of things where there are two of either; 1 where none is.
    """
    left_out, members = held.sum(axis=0), len(held)
    both = (left_out >= 2) & (left_out <= members - 2)
    if not both.any():
        return 1.0
    given = predicted[:, both]
    return _variance(given, held[:, both]) / _variance(given, ~held[:, both])


def _variance(values: Floats, chosen: Mask) -> float:
    """Return the variance of chosen members (M, G) about their mean of each thing, over all."""
    count: Indices = chosen.sum(axis=0)
    mean = np.where(chosen[..., None], values, 0).sum(axis=0) / count[:, None]
    squares = np.where(chosen[..., None], (values - mean) ** 2, 0).sum()
    return float(squares / ((count - 1).sum() * values.shape[2]))
