"""Evaluate a model on a frame file: what the rule `evaluate` runs."""

from pathlib import Path

import h5py
import numpy as np

from potstill.data.frame_store import UNITS, Array
from potstill.data.frames import Frames, read_frames
from potstill.data.structures import Floats
from potstill.descriptors.feature_file import read_features
from potstill.models.ensemble import Ensemble
from potstill.models.frame_errors import (
    EnergyErrors,
    ForceErrors,
    check_labelled,
    energy_errors,
    error_summary,
    force_errors,
)
from potstill.models.model_file import load_ensemble
from potstill.models.predict import predict_energies
from potstill.runtime.device import limit_threads
from potstill.runtime.files import atomic_path, write_json
from potstill.runtime.progress import say

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

    Energies of all frames that have one, in float32; forces and stress of at most `FORCE_ATOMS`
    atoms, in frames spread over those that have forces, whose indices are the dataset
    `force_frame`.
    Writes predictions and errors by frame (HDF5) and their statistics (JSON), see `error_summary`;
    the stress is compared where the model is trained on it. What the frames have no forces, stress,
    H or O for is left out. seed: of the frames that calibrate sigma.

    Raises PotstillError for frames without energies or of an element that the model lacks, and for
    features of other frames.
    """
    limit_threads(threads)
    ensemble = load_ensemble(model, device=device)
    labelled = read_frames(frames)
    check_labelled(labelled, frames, ensemble.elements, model)
    descriptor = ensemble.settings.descriptor
    described = read_features(features, labelled, descriptor, ensemble.elements)
    atomic = predict_energies(ensemble.single(), described, labelled.species)
    energies = energy_errors(labelled, atomic)
    forced = _force_errors(ensemble, labelled, threads)
    _write(output, labelled, energies, forced, name=Path(model).parent.name)
    told = error_summary(labelled, energies, forced, seed)
    write_json(summary, told)
    count = len(energies.frames)
    say(f"{output}: {told['mae_meV_per_atom']:.3f} meV/atom over {count} frames")


def _force_errors(ensemble: Ensemble, labelled: Frames, threads: int) -> ForceErrors | None:
    """Return a model's errors of forces, and of the stress where it is trained on it."""
    told = np.flatnonzero(labelled.has("forces"))
    if not len(told):
        return None
    having = labelled if len(told) == len(labelled) else labelled[told]
    # as many frames as hold so many atoms on average
    count = max(1, FORCE_ATOMS * len(having) // len(having.species))
    rows = told[having.spread_rows(min(len(having), count))]
    frames = labelled[rows]
    found = ensemble.predict(frames, forces=True, threads=threads)
    return force_errors(frames, rows, found, stress=ensemble.settings.stress_weight > 0)


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
