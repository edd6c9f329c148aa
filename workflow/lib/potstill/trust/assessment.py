"""How far an evaluation can be trusted: errors by region of (H, O), and what sigma says of them.

Sigma is the standard deviation over the members: of the energy for a frame, of the atomic energy
for an atom. An atom's own energy is no observable, so an atom's sigma is set against the error of
the force on it. Members that share data and descriptor err together, and sigma is too small by a
factor: it is found on a part of the frames, and coverage is told on the others.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.runtime.streams import stream
from potstill.sampling.order import ORDER_LIMITS

Floats = NDArray[np.float64]

# Equal parts of the enthalpy's range.
ENTHALPY_PARTS = 4
# Share of the frames on which the factor of sigma is found.
CALIBRATION_SHARE = 0.2
# Of a frame's energy: networks that agree to less agree to the rounding of float32.
SMALLEST_SIGMA_EV = 1e-6
# Shares of a normal distribution within one and two standard deviations.
WITHIN = {1: 0.683, 2: 0.954}


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
    error: Floats, sigma: Floats, force_error: Floats | None, atomic_sigma: Floats, seed: int
) -> dict[str, Any]:
    """Return what sigma says of the error.

    error, sigma (F,): of the energy, eV; force_error (G, N): length of the error of an atom's
    force, eV/A, in the G frames whose forces are compared, None where none are; atomic_sigma
    (G, N): eV, in the same.
    The errors' mean is taken out first, as it says nothing of one frame. What cannot be told, of a
    single frame for one, is None.
    """
    error = error - error.mean()
    found_on = calibration_frames(len(error), seed)
    factor = sigma_factor(error[found_on], sigma[found_on])
    judged = ~found_on & (sigma >= SMALLEST_SIGMA_EV)
    coverable = factor > 0 and judged.any()
    scaled = np.abs(error[judged]) / (factor * sigma[judged]) if coverable else np.zeros(0)

    def told(value: float) -> float | None:
        return value if np.isfinite(value) else None

    return {
        "spearman_frames": told(spearman(sigma, np.abs(error))),
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


class Region(NamedTuple):
    """A part of the (H, O) plane: its name by O, its limits of H/N (eV), its frames (F,)."""

    name: str
    enthalpy: tuple[float, float]
    here: NDArray[np.bool_]


def regions(enthalpy: Floats, order: Floats) -> list[Region]:
    """Return the regions of the plane that hold frames; enthalpy (F,): eV/atom, order (F,): O/N."""
    edges = np.linspace(enthalpy.min(), enthalpy.max(), ENTHALPY_PARTS + 1)
    part = np.clip(np.digitize(enthalpy, edges) - 1, 0, ENTHALPY_PARTS - 1)
    phase = np.digitize(order, ORDER_LIMITS[1:-1], right=True)
    found = [
        Region(name, (float(edges[k]), float(edges[k + 1])), (phase == p) & (part == k))
        for p, name in enumerate(("liquid", "between", "crystal"))
        for k in range(ENTHALPY_PARTS)
    ]
    return [region for region in found if region.here.any()]


def by_region(
    enthalpy: Floats,
    order: Floats,
    error: Floats,
    force_error: Floats | None,
    force_frames: NDArray[np.int64],
) -> list[dict[str, Any]]:
    """Return the mean errors in each region of the plane that holds frames.

    enthalpy (F,): eV/atom; order (F,): O/N; error (F,): meV/atom; force_error (G,): mean of a
    frame, meV/A, or None; force_frames (G,): the frames that it belongs to. The force's is None in
    a region without such a frame.
    """

    def mean_force_error(here: NDArray[np.bool_]) -> float | None:
        found = None if force_error is None else force_error[here[force_frames]]
        return float(found.mean()) if found is not None and len(found) else None

    return [
        {
            "region": region.name,
            "enthalpy_eV_per_atom": list(region.enthalpy),
            "frames": int(region.here.sum()),
            "mae_meV_per_atom": float(np.abs(error[region.here]).mean()),
            "force_mae_meV_per_A": mean_force_error(region.here),
        }
        for region in regions(enthalpy, order)
    ]
