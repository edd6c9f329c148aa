"""Evaluate a model on a frame file: what the rule `evaluate` runs."""

from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from potstill.data.frame_store import UNITS, Array
from potstill.data.frames import Frames, read_frames
from potstill.data.structures import Floats, Indices, frame_means, frame_sums, told_atoms
from potstill.descriptors.feature_file import read_features
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import load_ensemble
from potstill.models.predict import predict_energies
from potstill.runtime.device import limit_threads
from potstill.runtime.files import atomic_path, write_json
from potstill.runtime.progress import say
from potstill.trust.assessment import uncertainty
from potstill.trust.parts_of_set import Errors, by_composition, by_region

WORST_SHARE = 0.01
# Atoms whose forces an evaluation compares, whole frames: energies and forces take three times as
# long as energies alone, and 2,000 frames of 32 atoms give the mean error of the forces to 1%, of a
# poor model to 3%.
FORCE_ATOMS = 64_000


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
    """Errors of forces, in `frames` (G,) of a set.

    by_frame (G,): mean absolute ones, eV/A; by_atom: lengths, eV/A, of all atoms of these frames.
    stress_mae: of the stress, meV/A^3; None where it is not compared.
    """

    frames: Indices
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

    Energies of all frames that have one, in float32; forces and stress of at most `FORCE_ATOMS`
    atoms, in frames spread over those that have forces, whose indices are the dataset
    `force_frame`.
    Writes predictions and errors by frame (HDF5) and their statistics (JSON, meV/atom, meV/A), by
    region of (H, O) and by composition as well, and what sigma says of them; of a model trained on
    the stress, the mean absolute error of its nine components (meV/A^3). Errors of forces are means
    over all atoms. What the frames have no forces, stress, H or O for is left out, and the
    composition where all are of the same elements. seed: of the frames that calibrate sigma.

    Raises PotstillError for frames without energies or of an element that the model lacks, and for
    features of other frames.
    """
    limit_threads(threads)
    ensemble = load_ensemble(model, device=device)
    labelled = read_frames(frames)
    if not set(labelled.elements) <= set(ensemble.elements):
        raise PotstillError(
            f"{frames}: frames of {labelled.symbol}, but {model} is a model for "
            f"{''.join(ensemble.elements)}"
        )
    try:
        labelled.need("energy", "an evaluation")
    except PotstillError as lack:
        raise PotstillError(f"{frames}: {lack}") from None
    energies = _energy_errors(ensemble, labelled, features)
    forced = _force_errors(ensemble, labelled, threads)
    _write(output, labelled, energies, forced, name=Path(model).parent.name)
    error, sizes = energies.predicted - energies.exact, labelled.sizes[energies.frames]
    statistics = _statistics(1e3 * error / sizes)
    if forced and forced.stress_mae is not None:
        statistics["stress_mae_meV_per_A3"] = forced.stress_mae
    if len(sizes) < len(labelled):
        statistics["energy_frames"] = len(sizes)
    force_frames = forced.frames if forced else np.empty(0, dtype=np.int64)
    force_mae = _of_atoms(labelled, forced.frames, forced.by_frame).mean() if forced else None
    write_json(
        summary,
        {
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
            **_by_part(labelled, energies, forced),
        },
    )
    say(f"{output}: {statistics['mae_meV_per_atom']:.3f} meV/atom over {len(sizes)} frames")


def _energy_errors(ensemble: Ensemble, labelled: Frames, features: Path) -> EnergyErrors:
    """Return the energies of a set by a model, beside its labels."""
    descriptor = ensemble.settings.descriptor
    described = read_features(features, labelled, descriptor, ensemble.elements)
    atomic = predict_energies(ensemble.single(), described, labelled.species)
    by_member = frame_sums(atomic, labelled.sizes, axis=1)
    told = np.flatnonzero(labelled.has("energy"))
    return EnergyErrors(
        told,
        labelled.need("energy", "an evaluation")[told],
        by_member.mean(axis=0)[told],
        by_member.std(axis=0)[told],
        atomic.std(axis=0),
    )


def _force_errors(ensemble: Ensemble, labelled: Frames, threads: int) -> ForceErrors | None:
    """Return a model's errors of forces, and of the stress where it is trained on it."""
    told = np.flatnonzero(labelled.has("forces"))
    if labelled.forces is None or not len(told):
        return None
    having = labelled if len(told) == len(labelled) else labelled[told]
    # as many frames as hold so many atoms on average
    count = max(1, FORCE_ATOMS * len(having) // len(having.species))
    rows = told[having.spread_rows(min(len(having), count))]
    frames = labelled[rows]
    found = ensemble.predict(frames, forces=True, threads=threads)
    assert found.forces is not None and found.stress is not None and frames.forces is not None
    difference = found.forces - frames.forces
    stress = None
    if ensemble.settings.stress_weight and frames.stress is not None:
        # a cell without volume has no stress
        compared = frames.has("stress") & np.isfinite(found.stress).all(axis=(1, 2))
        error = np.abs(found.stress[compared] - frames.stress[compared])
        stress = float(1e3 * error.mean()) if compared.any() else None
    return ForceErrors(
        rows,
        frame_means(np.abs(difference).ravel(), 3 * frames.sizes),
        np.linalg.norm(difference, axis=1),
        stress,
    )


def _of_atoms(labelled: Frames, frames: Indices, by_frame: Floats) -> Errors:
    """Return errors that are means over a frame's atoms, to be averaged over those of all."""
    sizes = labelled.sizes[frames]
    # by the first frame's atoms: frames of one size keep their last digits
    return Errors(by_frame, frames, sizes / sizes[0])


def _by_part(
    labelled: Frames, energies: EnergyErrors, forced: ForceErrors | None
) -> dict[str, list[dict[str, Any]]]:
    """Return the mean errors in the parts of a set that the summary tells."""
    error = energies.predicted - energies.exact
    per_atom = 1e3 * error / labelled.sizes[energies.frames]
    energy = Errors(per_atom, energies.frames, np.ones(len(error)))
    force = _of_atoms(labelled, forced.frames, 1e3 * forced.by_frame) if forced else None
    plane, kinds = labelled.plane(), by_composition(labelled, energy, force)
    return {
        "regions": by_region(*plane, energy, force) if plane else [],
        **({"by_composition": kinds} if len(kinds) > 1 else {}),
    }


def _write(
    output: Path,
    labelled: Frames,
    energies: EnergyErrors,
    forced: ForceErrors | None,
    *,
    name: str,
) -> None:
    """Write predictions and errors; name: the model's.

    Values of atoms are (F, N), or of frames of several sizes one after another. Then `sizes` (F,)
    parts them; it is there, too, with `energy_frame`, the frames that have an energy, where some
    have none.
    """

    def of_atoms(values: Floats) -> Floats:
        return values.reshape(-1, labelled.atoms) if labelled.is_uniform else values

    arrays: dict[str, tuple[Array, str]] = {
        "energy": (energies.exact, "eV"),
        "predicted_energy": (energies.predicted, "eV"),
        "energy_std": (energies.std, "eV"),
        "atomic_std": (of_atoms(energies.atomic_std), "eV"),
    }
    if forced:
        arrays["force_frame"] = (forced.frames, "1")
        arrays["force_mae"] = (forced.by_frame, "eV/A")
        arrays["atomic_force_error"] = (of_atoms(forced.by_atom), "eV/A")
    for column in ("enthalpy", "order_parameter") if labelled.plane() else ():
        arrays[column] = (labelled.columns[column], UNITS[column])
    some = len(energies.frames) < len(labelled)
    if some:
        arrays["energy_frame"] = (energies.frames, "1")
    if some or not labelled.is_uniform:
        arrays["sizes"] = (labelled.sizes, "1")
    with atomic_path(output) as temporary, h5py.File(temporary, "w") as store:
        store.attrs["symbol"] = labelled.symbol
        if labelled.is_uniform:
            store.attrs["atoms"] = labelled.atoms
        store.attrs["model"] = name
        for dataset, (values, unit) in arrays.items():
            store.create_dataset(dataset, data=values).attrs["unit"] = unit


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
