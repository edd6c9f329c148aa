"""How far an evaluation can be trusted: what sigma says of the errors.

Sigma is the standard deviation over the members: of the energy for a frame, of the atomic energy
for an atom. An atom's own energy is no observable, so an atom's sigma is set against the error of
the force on it. Members that share data and descriptor err together, and sigma is too small by a
factor: it is found on a part of the frames, and coverage is told on the others.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from potstill.data.structures import Floats, Indices
from potstill.runtime.streams import stream

# Share of the frames on which the factor of sigma is found.
CALIBRATION_SHARE = 0.2
# Of a frame's energy: networks that agree to less agree to the rounding of float32.
SMALLEST_SIGMA_EV = 1e-6
# Of the force on an atom, likewise.
SMALLEST_SIGMA_EV_PER_A = 1e-6
# Shares of a normal distribution within one and two standard deviations.
WITHIN = {1: 0.683, 2: 0.954}


def member_spread(values: Floats) -> Floats:
    """Return how far members agree about G things (G,), from what each says of them (M, G, C).

    Root mean square over members and components of the deviations from the members' mean.
    """
    return np.asarray(np.sqrt(((values - values.mean(axis=0)) ** 2).mean(axis=(0, 2))))


def spearman(a: Floats, b: Floats) -> float:
    """Return Spearman's rank correlation of two samples; NaN if one does not vary."""
    ranks = np.stack([_ranks(a.ravel()), _ranks(b.ravel())])
    if np.ptp(ranks, axis=1).min() == 0:
        return float("nan")
    return float(np.asarray(np.corrcoef(ranks))[0, 1])


def _ranks(values: Floats) -> Floats:
    """Return the rank of each value, the mean rank where several are equal.

    That is scipy.stats.rankdata; loading scipy.stats takes a second, and every evaluation is a job.
    """
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[inverse]


def calibration_frames(frames: int, seed: int) -> NDArray[np.bool_]:
    """Return which frames (F,) the factor of sigma is found on; the others judge it."""
    chosen = np.zeros(frames, dtype=bool)
    count = max(1, round(CALIBRATION_SHARE * frames))
    chosen[stream(seed, "assessment").permutation(frames)[:count]] = True
    return chosen


def sigma_factor(error: Floats, sigma: Floats) -> float:
    """Return f for which errors (F,) are most likely normal with deviation f sigma.

    That is the root mean square of error / sigma, both in eV. Frames of a sigma below
    `SMALLEST_SIGMA_EV` are left out; NaN where no other is.
    """
    spread = sigma >= SMALLEST_SIGMA_EV
    if not spread.any():
        return float("nan")
    return float(np.sqrt(np.mean((error[spread] / sigma[spread]) ** 2)))


def uncertainty(
    error: Floats,
    sigma: Floats,
    sizes: Indices,
    force_error: Floats | None,
    atomic_sigma: Floats,
    seed: int,
) -> dict[str, Any]:
    """Return what sigma says of the error.

    error, sigma (F,): of the energy, eV; sizes (F,): numbers of atoms; force_error (G,): length of
    the error of an atom's force, eV/A, of the atoms whose forces are compared, None where none are;
    atomic_sigma (G,): eV, of the same.
    The errors' mean per atom is taken out first, as it says nothing of one frame. Errors and sigma
    per atom are ranked. What cannot be told, of a single frame for one, is None.
    """
    # by the first frame's atoms: frames of one size keep their last digits
    relative = sizes / sizes[0]
    error = error - relative * (error / relative).mean()
    found_on = calibration_frames(len(error), seed)
    factor = sigma_factor(error[found_on], sigma[found_on])
    judged = ~found_on & (sigma >= SMALLEST_SIGMA_EV)
    coverable = factor > 0 and judged.any()
    scaled = np.abs(error[judged]) / (factor * sigma[judged]) if coverable else np.zeros(0)

    def told(value: float) -> float | None:
        return value if np.isfinite(value) else None

    return {
        "spearman_frames": told(spearman(sigma / relative, np.abs(error) / relative)),
        "spearman_atoms_force": None
        if force_error is None
        else told(spearman(atomic_sigma, force_error)),
        "sigma_factor": told(factor),
        "calibration_frames": int(found_on.sum()),
        "coverage": {
            f"{k}_sigma": float(np.mean(scaled <= k)) if coverable else None for k in WITHIN
        },
        "coverage_normal": {f"{k}_sigma": share for k, share in WITHIN.items()},
    }
