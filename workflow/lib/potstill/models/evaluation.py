"""The stage's second job: evaluate a model on a frame file."""

from pathlib import Path

import h5py
import numpy as np

from potstill.data.frame_store import UNITS
from potstill.data.frames import read_frames
from potstill.descriptors.feature_file import read_features
from potstill.errors import PotstillError
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
    mean absolute error of its nine components (meV/A^3). seed: of the frames that calibrate sigma.
    Raises PotstillError for frames of another element than the model's and for features of other
    frames.
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
        labelled.need("forces", "an evaluation")
        if ensemble.settings.stress_weight:
            labelled.need("stress", "an evaluation of a model of the stress")
    except PotstillError as lack:
        raise PotstillError(f"{frames}: {lack}") from None
    described = read_features(features, labelled, ensemble.settings.descriptor)
    atomic = predict_energies(ensemble.single(), described)
    by_member = atomic.sum(axis=2)
    energy = by_member.mean(axis=0)
    rows = labelled.spread_rows(min(len(labelled), max(1, FORCE_ATOMS // labelled.atoms)))
    compared = labelled[rows]
    forced = predict(ensemble, compared, forces=True, threads=threads)
    assert forced.forces is not None and forced.stress is not None
    difference = forced.forces - compared.need("forces", "an evaluation")
    force_error = np.abs(difference).mean(axis=(1, 2))
    atomic_force_error = np.linalg.norm(difference, axis=2)
    atomic_std, energy_std = atomic.std(axis=0), by_member.std(axis=0)
    arrays = {
        "energy": (exact, "eV"),
        "predicted_energy": (energy, "eV"),
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
    error = energy - exact
    per_atom = 1e3 * error / labelled.atoms
    statistics = _statistics(per_atom)
    if ensemble.settings.stress_weight:
        by_stress = np.abs(forced.stress - compared.need("stress", "an evaluation"))
        statistics["stress_mae_meV_per_A3"] = float(1e3 * by_stress.mean())
    regions = []
    if plane := labelled.plane():
        regions = by_region(*plane, per_atom, 1e3 * force_error, rows)
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
