"""The stage's two jobs: train a model on a frame file, evaluate a model on a frame file."""

import hashlib
import json
from pathlib import Path

import h5py
import numpy as np

from potstill.errors import PotstillError, WriteError
from potstill.frames import UNITS, Frames, read_frames
from potstill.runtime.files import atomic_path, write_json
from potstill.runtime.progress import say
from potstill.runtime.restart import restart_file
from potstill.sections import Training
from potstill.training.assessment import by_region, uncertainty
from potstill.training.data_check import check_data
from potstill.training.device import limit_threads, resolve_device
from potstill.training.loop import HISTORY, Fit, train
from potstill.training.model_file import load_ensemble, save_ensemble
from potstill.training.predict import predict
from potstill.versions import VERSION

WORST_SHARE = 0.01
# Frames whose forces an evaluation compares: energies and forces take more than twice as long as
# energies alone, and 2,000 frames give the mean error of the forces to 1%, of a poor model to 3%.
FORCE_FRAMES = 2000


def train_model(
    frames: Path,
    *,
    count: int | None,
    settings: Training,
    seed: int,
    device: str,
    threads: int,
    model: Path,
    history: Path,
    summary: Path,
) -> None:
    """Train an ensemble on `count` frames spread over a file (None for all).

    Writes the model file, its validation history (CSV) and a summary (JSON). An interrupted job
    goes on from the restart file beside `model`. PotstillError as of `read_frames`, `check_data`
    and `train`.
    """
    limit_threads(threads)
    device = resolve_device(device)
    chosen = _choose(frames, count)
    with restart_file(model, _fingerprint(chosen, settings, seed, device)) as restart:
        try:
            found = check_data(chosen, settings)
            ensemble, fit = train(chosen, settings, seed, device=device, restart=restart)
        except WriteError:
            raise
        except PotstillError as error:
            raise PotstillError(f"{frames}: {error}") from None
        save_ensemble(model, ensemble)
        with atomic_path(history) as temporary:
            rows = [",".join(HISTORY), *(",".join(f"{v:.8g}" for v in row) for row in fit.history)]
            temporary.write_text("\n".join(rows) + "\n")
        write_json(
            summary,
            {
                "symbol": chosen.symbol,
                "frames": len(chosen),
                "atoms": chosen.atoms,
                "members": settings.members,
                "self_energy_eV": ensemble.self_energy_eV,
                "seed": seed,
                "steps": fit.step,
                "stopped_early": fit.step < settings.steps,
                "data_check": found,
                **_validation(fit, settings),
            },
        )


def evaluate_model(
    model: Path, frames: Path, *, seed: int, device: str, threads: int, output: Path, summary: Path
) -> None:
    """Compare a model with the labels of a frame file.

    Energies of all frames; forces and stress of at most `FORCE_FRAMES` of them, spread over the
    set, whose indices are the dataset `force_frame`.
    Writes predictions and errors by frame (HDF5) and their statistics (JSON, meV/atom, meV/A), by
    region of (H, O) as well, and what sigma says of them; of a model trained on the stress, the
    mean absolute error of its nine components (meV/A^3). seed: of the frames that calibrate sigma.
    Raises PotstillError for frames of another element than the model's.
    """
    limit_threads(threads)
    ensemble = load_ensemble(model, device=device)
    labelled = read_frames(frames)
    if labelled.symbol != ensemble.symbol:
        raise PotstillError(
            f"{frames}: frames of {labelled.symbol}, but {model} is a model for {ensemble.symbol}"
        )
    rows = labelled.spread_rows(min(len(labelled), FORCE_FRAMES))
    compared = labelled[rows]
    forced = predict(ensemble, compared, forces=True, threads=threads)
    assert forced.forces is not None and forced.stress is not None
    whole = len(rows) == len(labelled)
    prediction = forced if whole else predict(ensemble, labelled, forces=False, threads=threads)
    difference = forced.forces - compared.forces
    force_error = np.abs(difference).mean(axis=(1, 2))
    atomic_force_error = np.linalg.norm(difference, axis=2)
    atomic_std = prediction.atomic_energies.std(axis=0)
    energy_std = prediction.atomic_energies.sum(axis=2).std(axis=0)
    arrays = {
        "energy": (labelled.energy, "eV"),
        "predicted_energy": (prediction.energy, "eV"),
        "energy_std": (energy_std, "eV"),
        "atomic_std": (atomic_std, "eV"),
        "force_frame": (rows, "1"),
        "force_mae": (force_error, "eV/A"),
        "atomic_force_error": (atomic_force_error, "eV/A"),
    }
    for name in ("enthalpy", "order_parameter"):
        if name in labelled.columns:
            arrays[name] = (labelled.columns[name], UNITS[name])
    with atomic_path(output) as temporary, h5py.File(temporary, "w") as store:
        store.attrs["symbol"] = labelled.symbol
        store.attrs["atoms"] = labelled.atoms
        store.attrs["model"] = Path(model).parent.name
        for name, (values, unit) in arrays.items():
            store.create_dataset(name, data=values).attrs["unit"] = unit
    error = prediction.energy - labelled.energy
    per_atom = 1e3 * error / labelled.atoms
    statistics = _statistics(per_atom)
    if ensemble.settings.stress_weight:
        by_stress = np.abs(forced.stress - compared.stress)
        statistics["stress_mae_meV_per_A3"] = float(1e3 * by_stress.mean())
    regions = []
    if "enthalpy" in arrays:
        h, o = (arrays[name][0] / labelled.atoms for name in ("enthalpy", "order_parameter"))
        regions = by_region(h, o, per_atom, 1e3 * force_error, rows)
    write_json(
        summary,
        {
            "frames": len(labelled),
            "atoms": labelled.atoms,
            **statistics,
            "force_mae_meV_per_A": float(1e3 * force_error.mean()),
            "force_frames": len(rows),
            "uncertainty": uncertainty(
                error, energy_std, atomic_force_error, atomic_std[rows], seed
            ),
            "regions": regions,
        },
    )
    say(f"{output}: {statistics['mae_meV_per_atom']:.3f} meV/atom over {len(labelled)} frames")


def _choose(path: Path, count: int | None) -> Frames:
    frames = read_frames(path)
    try:
        return frames.spread(count)
    except PotstillError as error:
        raise PotstillError(f"{path}: {error}; lower the model's count") from None


def _fingerprint(frames: Frames, settings: Training, seed: int, device: str) -> str:
    """Return what a restart file depends on: version, settings, seed, device and the frames."""
    digest = hashlib.sha256()
    stress = [frames.stress] if settings.stress_weight else []
    for values in (frames.positions, frames.cell, frames.energy, frames.forces, *stress):
        digest.update(np.ascontiguousarray(values).tobytes())
    return json.dumps(
        [VERSION["training"], settings.model_dump(), seed, device, digest.hexdigest()]
    )


def _validation(fit: Fit, settings: Training) -> dict[str, object]:
    """Return the members' errors at their best validation."""
    forces = [1e3 * float(v) for v in fit.force_mae] if settings.forces else None
    return {
        "best_steps": [int(v) for v in fit.best_step],
        "validation_mae_meV_per_atom": float(1e3 * fit.energy_mae.mean()),
        "validation_force_mae_meV_per_A": float(np.mean(forces)) if forces else None,
        "members_validation_mae_meV_per_atom": [1e3 * float(v) for v in fit.energy_mae],
        "members_validation_force_mae_meV_per_A": forces,
    }


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
