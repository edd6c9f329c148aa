"""Training to a fixed error: potstill's own, the check of torchani's steps, and both clocks."""

import time
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from common import cpu_windows, ratio, summary
from numpy.typing import NDArray
from torchani_peer import ListedTorchaniTraining, TorchaniTraining, feature_scales

from potstill.data.frames import Frames
from potstill.data.structures import frame_sums
from potstill.descriptors.symmetry_functions import describe
from potstill.models.ensemble import Ensemble
from potstill.models.networks import Networks
from potstill.models.predict import predict_energies
from potstill.settings import Training
from potstill.training.loop import Trainer
from potstill.training.prepare import Data, prepare

Array = NDArray[np.float64]

# Steps after which both programs must have the same weights, and how far apart they may be, over
# what the steps have changed (root mean squares).
CHECKED_STEPS, WEIGHTS_TOLERANCE = 5, 1e-4
# Of the means and deviations of the features, over the deviations.
FEATURES_TOLERANCE = 1e-9
STEPS_IN_WINDOW = 2
PEERS = {"torchani": TorchaniTraining, "torchani_listed": ListedTorchaniTraining}


@dataclass(frozen=True)
class Run:
    """A training to the target: CPU seconds, steps, the ensemble, and its errors on the held-out
    frames (meV/atom, meV/A).
    """

    seconds: float
    steps: int
    ensemble: Ensemble
    energy_mae: float
    force_mae: float


def ensemble_of(trainer: Trainer) -> Ensemble:
    """Return the ensemble that a training has come to, as `train` makes it at its end."""
    data = trainer.data
    return Ensemble(
        elements=data.elements,
        settings=trainer.settings,
        mean=data.mean,
        std=data.std,
        self_energies_eV=data.self_energies_eV,
        scale_eV=data.scales.atomic_eV,
        networks=deepcopy(trainer.networks).double().requires_grad_(False),
    )


def check_training(
    frames: Frames, data: Data, settings: Training
) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the differences between the programs, and the CPU seconds of torchani's preparation.

    Differences are those of the features' means and deviations, and of the weights after some
    steps; the preparation is the pass over the frames that gives these means and deviations, and
    for `torchani_listed` the neighbour lists. Raises SystemExit if the steps are not the same.
    """
    start, trainer = Trainer(data, settings, 1), Trainer(data, settings, 1)
    ensemble = ensemble_of(start)
    mean, std, preparation = feature_scales(frames, ensemble)
    own_mean, own_std = data.mean[0].numpy(), data.std[0].numpy()
    features = max(np.abs((mean - own_mean) / own_std).max(), np.abs(std / own_std - 1).max())
    found: dict[str, Any] = {"features": float(features), "steps": CHECKED_STEPS}
    for _ in range(CHECKED_STEPS):
        trainer.step()
    seconds = {}
    for name, peer in PEERS.items():
        began = time.process_time()
        training = peer(Trainer(data, settings, 1), frames, ensemble)
        seconds[name] = preparation + time.process_time() - began
        training.run(CHECKED_STEPS)
        found[name] = _weights_apart(trainer.networks, start.networks, training)
    equal = found["features"] <= FEATURES_TOLERANCE and all(
        found[name]["weights_difference_over_change"] <= WEIGHTS_TOLERANCE for name in PEERS
    )
    if not equal:
        raise SystemExit(f"the trainings differ, so that no timing means anything: {found}")
    return found, seconds


def _weights_apart(own: Networks, start: Networks, peer: TorchaniTraining) -> dict[str, float]:
    """Return how far the two programs' weights are from each other, and from the first ones."""
    ours, first = (
        torch.cat([p.detach().flatten(1) for p in networks.parameters()], dim=1).numpy()
        for networks in (own, start)
    )
    apart, change = peer.weights() - ours, ours - first
    return {
        "weights_largest_difference": float(np.abs(apart).max()),
        "weights_largest_change": float(np.abs(change).max()),
        "weights_difference_over_change": float(np.sqrt((apart**2).mean() / (change**2).mean())),
    }


def train_to_error(
    frames: Frames, held: Frames, settings: Training, seed: int, target: float, every: int
) -> Run:
    """Train until the ensemble's error on `held`, looked at every `every` steps, is `target`.

    The clock holds descriptors, derivatives, every step and the members' own validations; not the
    looks at `held`. Raises SystemExit if the steps end first.
    """
    features = describe(held, settings.descriptor, held.elements)
    began = time.process_time()
    trainer = Trainer(prepare(frames, settings, "cpu"), settings, seed)
    seconds = time.process_time() - began
    while trainer.fit.step < settings.steps:
        began = time.process_time()
        for _ in range(min(every, settings.steps - trainer.fit.step)):
            trainer.step()
            if trainer.fit.step % settings.validation_interval == 0:
                trainer.validate()
        seconds += time.process_time() - began
        ensemble = ensemble_of(trainer)
        by_member = predict_energies(ensemble, features, held.species)
        energy = frame_sums(by_member, held.sizes, axis=1).mean(axis=0)
        error = 1e3 * float(np.abs(energy - held.energy).mean()) / held.atoms
        if error <= target:
            forces = ensemble.predict(held, forces=True).forces
            assert forces is not None
            force_mae = 1e3 * float(np.abs(forces - held.forces).mean())
            return Run(seconds, trainer.fit.step, ensemble, error, force_mae)
    raise SystemExit(
        f"seed {seed}: {error:.2f} meV/atom after {settings.steps} steps, not {target}; "
        "give more steps or a higher target"
    )


def time_steps(frames: Frames, data: Data, settings: Training, rounds: int) -> dict[str, Array]:
    """Return milliseconds of a step of all members (rounds,), by program; they take turns."""
    trainer = Trainer(data, settings, 1)
    ensemble = ensemble_of(trainer)

    def own(steps: int) -> None:
        for _ in range(steps):
            trainer.step()

    runs = {"potstill": own}
    for name, peer in PEERS.items():
        runs[name] = peer(Trainer(data, settings, 1), frames, ensemble).run
    windows = cpu_windows(runs, STEPS_IN_WINDOW, rounds)
    return {name: times / 1e3 for name, times in windows.items()}


def _by_seed(seconds: Array) -> dict[str, Any]:
    return summary(seconds) | {"by_seed": seconds.round(2).tolist()}


def time_fields(
    runs: list[Run], steps_ms: dict[str, Array], preparation: dict[str, float]
) -> dict[str, Any]:
    """Return the fields of training that the runs and the timed steps give."""
    own = np.array([run.seconds for run in runs])
    fields = {
        "steps": [run.steps for run in runs],
        "mae_meV_per_atom": [round(run.energy_mae, 3) for run in runs],
        "force_mae_meV_per_A": [round(run.force_mae, 1) for run in runs],
        "potstill_ms_per_step": summary(steps_ms["potstill"]),
        "potstill_seconds": _by_seed(own),
        "torchani_seconds_are": "computed: steps x median seconds per step + preparation",
    }
    for name in PEERS:
        per_step = float(np.median(steps_ms[name])) / 1e3
        seconds = np.array([run.steps * per_step for run in runs]) + preparation[name]
        suffix = name.removeprefix("torchani")
        fields |= {
            f"{name}_ms_per_step": summary(steps_ms[name]),
            f"{name}_preparation_seconds": round(preparation[name], 2),
            f"{name}_seconds_to_error": _by_seed(seconds),
            f"ratio_per_step{suffix}": ratio(steps_ms[name], steps_ms["potstill"]),
            f"ratio{suffix}": ratio(seconds, own),
        }
    return fields


def soap_fields(runs: list[Run], fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of trainings by SOAP, and their ratios to those of the peers by AdamW."""
    own = np.array([run.seconds for run in runs])
    found = {
        "soap_steps": [run.steps for run in runs],
        "soap_force_mae_meV_per_A": [round(run.force_mae, 1) for run in runs],
        "soap_seconds": _by_seed(own),
    }
    for name in PEERS:
        seconds = np.array(fields[f"{name}_seconds_to_error"]["by_seed"])
        found[f"ratio_soap{name.removeprefix('torchani')}"] = ratio(seconds, own)
    return found


def training_section(
    train: Frames,
    held: Frames,
    settings: Training,
    *,
    soap_steps: int,
    seeds: int,
    target: float,
    every: int,
    rounds: int,
) -> tuple[dict[str, Any], dict[str, Any], Ensemble]:
    """Return the fields of training, the differences of its check, and the last ensemble.

    settings: with the optimiser that both programs have, for the same steps of both; potstill's
    default one has a schedule of `soap_steps`.
    """
    data = prepare(train, settings, "cpu")  # compiles, or loads what was compiled before
    differences, preparation = check_training(train, data, settings)
    steps_ms = time_steps(train, data, settings, rounds)

    def trained(by: Training) -> list[Run]:
        return [train_to_error(train, held, by, s, target, every) for s in range(1, seeds + 1)]

    fields = time_fields(trained(settings), steps_ms, preparation)
    soap = settings.model_copy(update={"optimiser": "soap", "steps": soap_steps})
    runs = trained(soap)
    return fields | soap_fields(runs, fields), differences, runs[-1].ensemble
