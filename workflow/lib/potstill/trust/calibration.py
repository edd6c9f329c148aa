"""By what sigma is too small, found on the frames that a model was trained on.

Each member leaves out some of the frames. The mean of those that left a frame out errs on it as
they would on a new one. Two things differ for a new frame, and both are found where several
members left out the same frame: all members' mean errs less than that of a few, and the members
disagree more than on a frame that most of them know.
"""

from typing import NamedTuple

import numpy as np

from potstill.data.structures import Floats, Mask
from potstill.trust.assessment import WITHIN


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
    did not train on. sigma (G,) is the root mean square over members and values of the members'
    deviations; things of a sigma below `smallest` are left out.
    """
    members = len(predicted)
    deviation = predicted - predicted.mean(axis=0)
    sigma = np.sqrt((deviation**2).mean(axis=(0, 2)))
    left_out = held.sum(axis=0)
    told = (left_out > 0) & (sigma >= smallest)
    if not told.any():
        return Calibration((float("nan"),) * len(WITHIN), 1.0)
    predicted, label = predicted[:, told], label[told]
    held, left_out, sigma = held[:, told], left_out[told], sigma[told]
    mean = np.where(held[..., None], predicted, 0).sum(axis=0) / left_out[:, None]
    ratio = (mean - label) / sigma[:, None]
    square = float((ratio**2).mean())
    spread = _spread(np.where(held[..., None], predicted - mean, 0), left_out, sigma, members)
    # of all members' mean, which shares with that of a few all but a part of the spread
    left = max(square - spread * float((1 / left_out - 1 / members).mean()), spread / members)
    growth = float(np.sqrt(spread * (members - 1) / members))
    shrink = float(np.sqrt(left / square)) / growth if square else 0.0
    quantiles = np.quantile(np.abs(ratio), list(WITHIN.values())) * shrink
    return Calibration(tuple(float(q) for q in quantiles), growth)


def _spread(deviation: Floats, left_out: Floats, sigma: Floats, members: int) -> float:
    """Return the variance of members on what they did not train on, in units of sigma^2.

    deviation (M, G, C): of those that left out a thing from their mean, else 0. What sigma itself
    says where no two left out the same.
    """
    degrees = float((left_out - 1).sum()) * deviation.shape[2]
    if not degrees:
        return members / (members - 1)
    return float(((deviation / sigma[:, None]) ** 2).sum() / degrees)
