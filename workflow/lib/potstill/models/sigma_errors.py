"""What the members' spread says of errors of forces, and whether a model's own calibration holds.

Beside `trust.assessment.uncertainty`, which is of energies.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from potstill.data.structures import Floats, Indices, Mask
from potstill.models.frame_errors import EnergyErrors, ForceErrors
from potstill.trust.assessment import (
    SMALLEST_SIGMA_EV,
    SMALLEST_SIGMA_EV_PER_A,
    WITHIN,
    calibration_frames,
    sigma_factor,
    spearman,
)
from potstill.trust.calibration import Calibration
from potstill.trust.limits import Trust

# Frames that tell a share of 95% to 3 points.
ENOUGH = 50


def judged_atoms(sigma: Floats, sizes: Indices, seed: int) -> Mask:
    """Return which atoms (B,) coverage of forces is told of: those of frames without the factor's.

    sigma (B,): eV/A; sizes (G,): numbers of atoms of the frames.
    """
    found_on = np.repeat(calibration_frames(len(sizes), seed), sizes)
    return np.asarray(~found_on & (sigma >= SMALLEST_SIGMA_EV_PER_A))


def force_uncertainty(error: Floats, sigma: Floats, sizes: Indices, seed: int) -> dict[str, Any]:
    """Return what sigma says of the errors of forces, as `uncertainty` does of energies.

    error (B, 3): eV/A; sigma (B,): `Prediction.force_std`; sizes (G,): numbers of atoms of the
    frames. `spearman_atoms` ranks sigma and the length of an atom's error; factor and coverage are
    of the components. What cannot be told is None.
    """
    frames = calibration_frames(len(sizes), seed)
    found_on = np.repeat(frames, sizes)
    factor = sigma_factor(error[found_on].ravel(), np.repeat(sigma[found_on], 3))
    judged = judged_atoms(sigma, sizes, seed)
    coverable = factor > 0 and judged.any()
    rank = spearman(sigma, np.linalg.norm(error, axis=1))
    return {
        "spearman_atoms": rank if np.isfinite(rank) else None,
        "sigma_factor": factor if np.isfinite(factor) else None,
        "calibration_frames": int(frames.sum()),
        "coverage": {
            f"{k}_sigma": _share(error[judged], k * factor * sigma[judged]) if coverable else None
            for k in WITHIN
        },
        "coverage_normal": {f"{k}_sigma": share for k, share in WITHIN.items()},
    }


def own_calibration(
    trust: Trust, energies: EnergyErrors, forced: ForceErrors | None
) -> dict[str, dict[str, float | None]]:
    """Return which shares of the errors are below what the model says that 68% and 95% are.

    Of energies and of the components of forces; None where it was trained on no label that told.
    """
    error = (energies.predicted - energies.exact)[:, None]
    found = {"energy": _own(trust.energy.within, error, energies.std)}
    if forced and forced.std is not None:
        error = forced.predicted - forced.exact
        found["force"] = _own(trust.force.within, error, forced.std)
    return found


def calibrated_on(trust: Trust, energies: EnergyErrors, forced: ForceErrors | None) -> Trust:
    """Return what a model knows, with widths found on errors of frames that it did not train on.

    Those of energies and of forces are each left as they are where fewer than `ENOUGH` frames tell.
    """
    energy, force = trust.energy, trust.force
    if len(energies.frames) >= ENOUGH:
        error = (energies.predicted - energies.exact)[:, None]
        energy = _found_on(energy, error, energies.std, SMALLEST_SIGMA_EV)
    if forced and forced.std is not None and len(forced.frames) >= ENOUGH:
        force = _found_on(
            force, forced.predicted - forced.exact, forced.std, SMALLEST_SIGMA_EV_PER_A
        )
    return replace(trust, energy=energy, force=force)


def _found_on(known: Calibration, error: Floats, sigma: Floats, smallest: float) -> Calibration:
    """Return the calibration with the widths of errors (B, C) in units of sigma (B,).

    Where sigma is below `smallest` errors are left out.
    """
    told = sigma >= smallest
    if not told.any():
        return known
    ratio = np.abs(error[told]) / sigma[told, None]
    within = np.quantile(ratio, list(WITHIN.values()))
    return known._replace(within=tuple(float(width) for width in within))


def _own(within: tuple[float, ...], error: Floats, sigma: Floats) -> dict[str, float | None]:
    return {
        f"{k}_sigma": _share(error, width * sigma) if np.isfinite(width) else None
        for k, width in zip(WITHIN, within, strict=True)
    }


def _share(error: Floats, width: Floats) -> float:
    """Return the share of errors (B, C) of a size of at most a width (B,)."""
    return float(np.mean(np.abs(error) <= width[:, None]))
