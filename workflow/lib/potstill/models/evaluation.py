"""Evaluate a model on a frame file: what the rule `evaluate` runs."""

from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from potstill.data.frame_store import UNITS, Array
from potstill.data.frames import Floats, Frames, read_frames
from potstill.descriptors.feature_file import read_features
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import load_ensemble
from potstill.models.predict import predict, predict_energies
from potstill.runtime.device import limit_threads
from potstill.runtime.files import atomic_path, write_json
from potstill.runtime.progress import say
from potstill.trust.assessment import by_region, uncertainty

WORST_SHARE = 0.01
# Atoms whose forces an evaluation compares, whole frames: energies and forces take three times as
# long as energies alone, and 2,000 frames of 32 atoms give the mean error of the forces to 1%, of a
# poor model to 3%.
FORCE_ATOMS = 64_000


class ForceErrors(NamedTuple):
    """Errors of forces: mean absolute ones by_frame (G,), eV/A, and lengths by_atom (G, N), eV/A.

    stress_mae: of the stress, meV/A^3; None where it is not compared.
    """

    by_frame: Floats
    by_atom: Floats
    stress_mae: float | None


def evaluate_model(
    model: Path,
    frames: Path,
    features: Path,
    *,
    seed: int,
    device: str,
    threads: int,
    output: Path,
    summary: Path,
) -> None:
    """Compare a model with the labels of a frame file; features: the frames' feature file.

    Energies of all frames, in float32; forces and stress of at most `FORCE_ATOMS` atoms, in frames
    spread over the set, whose indices are the dataset `force_frame`.
    Writes predictions and errors by frame (HDF5) and their statistics (JSON, meV/atom, meV/A), by
    region of (H, O) as well, and what sigma says of them; of a model trained on the stress, the
    mean absolute error of its nine components (meV/A^3). What the frames have no forces, stress, H
    or O for is left out. seed: of the frames that calibrate sigma. Raises PotstillError for frames
    without energies or of another element than the model's, and for features of other frames.
    """
    limit_threads(threads)
    ensemble = load_ensemble(model, device=device)
    labelled = read_frames(frames)
    if labelled.symbol != ensemble.symbol:
        raise PotstillError(
            f"{frames}: frames of {labelled.symbol}, but {model} is a model for {ensemble.symbol}"
        )
    try:
        exact = labelled.need("energy", "an evaluation")
    except PotstillError as lack:
        raise PotstillError(f"{frames}: {lack}") from None
    described = read_features(features, labelled, ensemble.settings.descriptor)
    atomic = predict_energies(ensemble.single(), described)
    by_member = atomic.sum(axis=2)
    energy = by_member.mean(axis=0)
    rows = labelled.spread_rows(min(len(labelled), max(1, FORCE_ATOMS // labelled.atoms)))
    compared = labelled[rows]
    forced = _force_errors(ensemble, compared, threads)
    atomic_std, energy_std = atomic.std(axis=0), by_member.std(axis=0)
    arrays: dict[str, tuple[Array, str]] = {
        "energy": (exact, "eV"),
        "predicted_energy": (energy, "eV"),
        "energy_std": (energy_std, "eV"),
        "atomic_std": (atomic_std, "eV"),
    }
    if forced:
        arrays["force_frame"] = (rows, "1")
        arrays["force_mae"] = (forced.by_frame, "eV/A")
        arrays["atomic_force_error"] = (forced.by_atom, "eV/A")
    plane = labelled.plane()
    for name in ("enthalpy", "order_parameter") if plane else ():
        arrays[name] = (labelled.columns[name], UNITS[name])
    with atomic_path(output) as temporary, h5py.File(temporary, "w") as store:
        store.attrs["symbol"] = labelled.symbol
        store.attrs["atoms"] = labelled.atoms
        store.attrs["model"] = Path(model).parent.name
        for name, (values, unit) in arrays.items():
            store.create_dataset(name, data=values).attrs["unit"] = unit
    error = energy - exact
    per_atom = 1e3 * error / labelled.atoms
    statistics = _statistics(per_atom)
    if forced and forced.stress_mae is not None:
        statistics["stress_mae_meV_per_A3"] = forced.stress_mae
    by_force = 1e3 * forced.by_frame if forced else None
    regions = by_region(*plane, per_atom, by_force, rows) if plane else []
    write_json(
        summary,
        {
            "frames": len(labelled),
            "atoms": labelled.atoms,
            **statistics,
            "force_mae_meV_per_A": float(1e3 * forced.by_frame.mean()) if forced else None,
            "force_frames": len(rows) if forced else 0,
            "uncertainty": uncertainty(
                error, energy_std, forced.by_atom if forced else None, atomic_std[rows], seed
            ),
            "regions": regions,
        },
    )
    say(f"{output}: {statistics['mae_meV_per_atom']:.3f} meV/atom over {len(labelled)} frames")


def _force_errors(ensemble: Ensemble, frames: Frames, threads: int) -> ForceErrors | None:
    """Return a model's errors of forces, and of the stress where it is trained on it."""
    if frames.forces is None:
        return None
    found = predict(ensemble, frames, forces=True, threads=threads)
    assert found.forces is not None and found.stress is not None
    difference = found.forces - frames.forces
    stress = None
    if ensemble.settings.stress_weight and frames.stress is not None:
        stress = float(1e3 * np.abs(found.stress - frames.stress).mean())
    return ForceErrors(
        np.abs(difference).mean(axis=(1, 2)), np.linalg.norm(difference, axis=2), stress
    )


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
