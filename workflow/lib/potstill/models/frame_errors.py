"""Errors of a model in labelled frames: by frame, by atom, and what a summary says of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from potstill.data.frames import Frames
from potstill.data.structures import Floats, Indices, frame_means, frame_sums, told_atoms
from potstill.errors import PotstillError
from potstill.models.committee import Prediction
from potstill.trust.assessment import uncertainty
from potstill.trust.parts_of_set import Errors, by_composition, by_region

WORST_SHARE = 0.01


class EnergyErrors(NamedTuple):
    """Energies of E frames of a set, eV, in the `frames` (E,) that have one.

    exact, predicted, std (E,): std is that over the members. atomic_std (A,): that of the energies
    of all atoms of the set.
    """

    frames: Indices
    exact: Floats
    predicted: Floats
    std: Floats
    atomic_std: Floats


class ForceErrors(NamedTuple):
    """Forces in `frames` (G,) of a set, which hold B atoms, eV/A, and their errors.

    exact, predicted (B, 3); std (B,): how far members agree, as `Prediction.force_std`, None where
    it is not asked for. by_frame (G,): mean absolute errors, eV/A; by_atom (B,): lengths of the
    errors, eV/A. stress_mae: of the stress, meV/A^3; None where it is not compared.
    """

    frames: Indices
    exact: Floats
    predicted: Floats
    std: Floats | None
    by_frame: Floats
    by_atom: Floats
    stress_mae: float | None


class SetErrors(NamedTuple):
    """The errors of a model in a set, as parts of it are judged by.

    energy: meV/atom, a frame counts once; force: means of a frame, meV/A, an atom counts once;
    None where no frame has forces.
    """

    energy: Errors
    force: Errors | None


def check_labelled(labelled: Frames, file: Path, elements: Sequence[str], model: Path) -> None:
    """Raise PotstillError, naming the file, for frames that a model cannot be compared with.

    elements: those of the model.
    """
    if not set(labelled.elements) <= set(elements):
        raise PotstillError(
            f"{file}: frames of {labelled.symbol}, but {model} is a model for "
            f"{''.join(elements)}; leave out frames of other elements, or train on such"
        )
    try:
        labelled.need("energy", "an evaluation")
    except PotstillError as lack:
        raise PotstillError(f"{file}: {lack}") from None


def energy_errors(labelled: Frames, atomic: Floats) -> EnergyErrors:
    """Return what atomic energies by member (M, A), eV, say of frames, beside their labels.

    Raises PotstillError where no frame has an energy.
    """
    exact = labelled.need("energy", "an evaluation")
    by_member = frame_sums(atomic, labelled.sizes, axis=1)
    told = np.flatnonzero(labelled.has("energy"))
    return EnergyErrors(
        told,
        exact[told],
        by_member.mean(axis=0)[told],
        by_member.std(axis=0)[told],
        atomic.std(axis=0),
    )


def force_errors(frames: Frames, rows: Indices, found: Prediction, *, stress: bool) -> ForceErrors:
    """Return the errors of predictions of frames that all have forces.

    rows: their numbers in the set; stress: whether that is compared as well, where there is one.
    """
    assert found.forces is not None and found.stress is not None and frames.forces is not None
    difference = found.forces - frames.forces
    stress_mae = None
    if stress and frames.stress is not None:
        # a cell without volume has no stress
        compared = frames.has("stress") & np.isfinite(found.stress).all(axis=(1, 2))
        error = np.abs(found.stress[compared] - frames.stress[compared])
        stress_mae = float(1e3 * error.mean()) if compared.any() else None
    return ForceErrors(
        rows,
        frames.forces,
        found.forces,
        found.force_std,
        frame_means(np.abs(difference).ravel(), 3 * frames.sizes),
        np.linalg.norm(difference, axis=1),
        stress_mae,
    )


def set_errors(labelled: Frames, energies: EnergyErrors, forced: ForceErrors | None) -> SetErrors:
    """Return the errors in the frames of a set, as parts of it are judged by."""
    error = energies.predicted - energies.exact
    per_atom = 1e3 * error / labelled.sizes[energies.frames]
    energy = Errors(per_atom, energies.frames, np.ones(len(error)))
    force = _of_atoms(labelled, forced.frames, 1e3 * forced.by_frame) if forced else None
    return SetErrors(energy, force)


def error_summary(
    labelled: Frames, energies: EnergyErrors, forced: ForceErrors | None, seed: int
) -> dict[str, Any]:
    """Return the statistics of errors (meV/atom, meV/A), and what sigma says of them.

    By region of (H, O) and by composition as well, where there are several. The mean absolute error
    of the nine components of the stress (meV/A^3) is there where it is compared. Errors of forces
    are means over all atoms. seed: of the frames that calibrate sigma.
    """
    error, sizes = energies.predicted - energies.exact, labelled.sizes[energies.frames]
    statistics = _statistics(1e3 * error / sizes)
    if forced and forced.stress_mae is not None:
        statistics["stress_mae_meV_per_A3"] = forced.stress_mae
    if len(sizes) < len(labelled):
        statistics["energy_frames"] = len(sizes)
    force_frames = forced.frames if forced else np.empty(0, dtype=np.int64)
    force_mae = _of_atoms(labelled, forced.frames, forced.by_frame).mean() if forced else None
    found = set_errors(labelled, energies, forced)
    plane, kinds = labelled.plane(), by_composition(labelled, *found)
    return {
        "frames": len(labelled),
        **told_atoms(labelled),
        **statistics,
        "force_mae_meV_per_A": None if force_mae is None else 1e3 * force_mae,
        "force_frames": len(force_frames),
        "uncertainty": uncertainty(
            error,
            energies.std,
            sizes,
            forced.by_atom if forced else None,
            energies.atomic_std[labelled.rows(force_frames)],
            seed,
        ),
        "regions": by_region(*plane, *found) if plane else [],
        **({"by_composition": kinds} if len(kinds) > 1 else {}),
    }


def _of_atoms(labelled: Frames, frames: Indices, by_frame: Floats) -> Errors:
    """Return errors that are means over a frame's atoms, to be averaged over those of all."""
    sizes = labelled.sizes[frames]
    # by the first frame's atoms: frames of one size keep their last digits
    return Errors(by_frame, frames, sizes / sizes[0])


def _statistics(error: np.ndarray[tuple[int], np.dtype[np.float64]]) -> dict[str, float]:
    """Return the statistics of signed errors by frame, meV/atom."""
    worst = np.sort(np.abs(error))[-max(1, round(WORST_SHARE * len(error))) :]
    return {
        "mae_meV_per_atom": float(np.abs(error).mean()),
        "mae_shifted_meV_per_atom": float(np.abs(error - error.mean()).mean()),
        "shift_meV_per_atom": float(error.mean()),
        "rmse_meV_per_atom": float(np.sqrt((error**2).mean())),
        "worst_percent_meV_per_atom": float(worst.mean()),
    }
