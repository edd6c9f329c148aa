"""Errors of a model in any frames, with the groups that they are of, and the worst of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from potstill.data.frames import Frames
from potstill.data.structures import Indices
from potstill.models.committee import Prediction
from potstill.models.ensemble import Ensemble
from potstill.models.frame_errors import (
    SetErrors,
    energy_errors,
    error_summary,
    force_errors,
    set_errors,
)
from potstill.models.predict import predict
from potstill.runtime.progress import Progress
from potstill.trust.parts_of_set import Errors, by_name

# Frames that are named as the worst.
WORST = 5


def evaluate_frames(
    ensemble: Ensemble,
    labelled: Frames,
    names: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    *,
    seed: int,
    threads: int = 1,
) -> dict[str, Any]:
    """Return the errors of a model in all frames, see `error_summary`.

    names (F,): what the frames are called; groups: texts (F,) by their name, as `group`. For each
    of these `by_<name>` has the mean errors in frames of the same text. `worst_energies` and
    `worst_forces` name the frames of the largest errors, of the energy (meV/atom, with sigma) and
    of the mean of the forces (meV/A).
    """
    progress = Progress("evaluate", len(labelled), "frames")
    found = predict(ensemble, labelled, forces=True, threads=threads, watch=progress.update)
    assert found.atomic_energies is not None
    energies = energy_errors(labelled, found.atomic_energies)
    rows = np.flatnonzero(labelled.has("forces"))
    stress = ensemble.settings.stress_weight > 0
    part = _part(labelled, found, rows)
    forced = force_errors(labelled[rows], rows, part, stress=stress) if len(rows) else None
    errors = set_errors(labelled, energies, forced)
    sigma = 1e3 * energies.std / labelled.sizes[energies.frames]
    return {
        **error_summary(labelled, energies, forced, seed),
        **{f"by_{what}": by_name(texts, what, *errors) for what, texts in groups.items()},
        "worst_energies": [
            {
                "frame": names[errors.energy.frames[k]],
                "error_meV_per_atom": float(errors.energy.values[k]),
                "sigma_meV_per_atom": float(sigma[k]),
            }
            for k in _largest(errors.energy)
        ],
        "worst_forces": _worst_forces(errors, names),
    }


def _worst_forces(errors: SetErrors, names: Sequence[str]) -> list[dict[str, Any]]:
    if errors.force is None:
        return []
    return [
        {
            "frame": names[errors.force.frames[k]],
            "error_meV_per_A": float(errors.force.values[k]),
        }
        for k in _largest(errors.force)
    ]


def _largest(errors: Errors) -> Indices:
    """Return where the largest errors are, the largest first."""
    return np.asarray(np.argsort(-np.abs(errors.values), kind="stable")[:WORST])


def _part(labelled: Frames, found: Prediction, rows: Indices) -> Prediction:
    """Return the predictions of some of the frames."""
    if len(rows) == len(labelled):
        return found
    assert found.forces is not None and found.stress is not None
    return Prediction(
        energies=found.energies[:, rows],
        atomic_energies=None,
        forces=found.forces[labelled.rows(rows)],
        stress=found.stress[rows],
    )
