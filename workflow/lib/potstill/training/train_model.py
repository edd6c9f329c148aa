"""Train a model on a frame file: what the rule `train` runs."""

import hashlib
import json
from pathlib import Path

import numpy as np

from potstill.audit.data_check import check_data
from potstill.data.frames import Frames
from potstill.data.part_of_file import read_part
from potstill.data.structures import told_atoms
from potstill.errors import PotstillError, WriteError
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import save_ensemble
from potstill.runtime.device import limit_threads, resolve_device
from potstill.runtime.files import atomic_path, write_json
from potstill.runtime.restart import restart_file
from potstill.settings import Training
from potstill.training.learn_trust import learn_trust
from potstill.training.loop import HISTORY, Fit, split, train
from potstill.versions import version_of


def train_model(
    frames: Path,
    *,
    count: int | None,
    elements: list[str] | None = None,
    settings: Training,
    seed: int,
    device: str,
    threads: int,
    model: Path,
    history: Path,
    summary: Path,
) -> None:
    """Train an ensemble on `count` frames of a file (None for all), see `train_frames`.

    They are spread over the file; where it has the column `order`, they are the first by that.

    PotstillError as of `read_frames` as well.
    """
    train_frames(
        read_part(frames, count),
        file=frames,
        elements=elements,
        settings=settings,
        seed=seed,
        device=device,
        threads=threads,
        model=model,
        history=history,
        summary=summary,
    )


def train_frames(
    chosen: Frames,
    *,
    file: Path,
    elements: list[str] | None = None,
    settings: Training,
    seed: int,
    device: str,
    threads: int,
    model: Path,
    history: Path,
    summary: Path,
) -> None:
    """Train an ensemble on frames; file: where they are from, for errors.

    elements: what it is for, of which the frames may lack some; None for the frames' own. Writes
    the model file, its validation history (CSV) and a summary (JSON). An interrupted job goes on
    from the restart file beside `model`. PotstillError as of `check_data` and `train`.
    """
    limit_threads(threads)
    device = resolve_device(device)
    with restart_file(model, _fingerprint(chosen, elements, settings, seed, device)) as restart:
        try:
            found = check_data(chosen, settings)
            ensemble, fit = train(
                chosen, settings, seed, elements=elements, device=device, restart=restart
            )
        except WriteError:
            raise
        except PotstillError as error:
            raise PotstillError(f"{file}: {error}") from None
        held = split(len(chosen), settings, seed)
        save_ensemble(model, learn_trust(ensemble, chosen, held))
        with atomic_path(history) as temporary:
            rows = [",".join(HISTORY), *(",".join(f"{v:.8g}" for v in row) for row in fit.history)]
            temporary.write_text("\n".join(rows) + "\n")
        write_json(
            summary,
            {
                "symbol": "".join(ensemble.elements),
                "frames": len(chosen),
                **told_atoms(chosen),
                "members": settings.members,
                **_self_energies(ensemble),
                "seed": seed,
                "steps": fit.step,
                "stopped_early": fit.step < settings.steps,
                "data_check": found,
                **_validation(fit, settings),
            },
        )


def _fingerprint(
    frames: Frames, elements: list[str] | None, settings: Training, seed: int, device: str
) -> str:
    """Return what a restart file depends on: version, settings, seed, device and the frames."""
    digest = hashlib.sha256()
    stress = [frames.stress] if settings.stress_weight else []
    geometry = frames.positions, frames.cell, frames.species, frames.start, frames.pbc
    masks = [mask for _, mask in sorted(frames.lacking.items())]
    for values in (*geometry, frames.energy, frames.forces, *stress, *masks):
        if values is not None:
            digest.update(np.ascontiguousarray(values).tobytes())
    return json.dumps(
        [
            version_of("training.train_model"),
            elements,
            settings.model_dump(),
            seed,
            device,
            digest.hexdigest(),
        ]
    )


def _self_energies(ensemble: Ensemble) -> dict[str, object]:
    """Return the energies of the elements' atoms, eV, as the summary has them."""
    energies = [float(energy) for energy in ensemble.self_energies_eV]
    if len(energies) == 1:
        return {"self_energy_eV": energies[0]}
    return {"self_energies_eV": dict(zip(ensemble.elements, energies, strict=True))}


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
