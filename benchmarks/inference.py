"""Inference with a trained ensemble: one call of potstill's calculator against torchani's ways."""

from itertools import cycle
from typing import Any

import numpy as np
from common import cpu_windows, ratio, summary
from torchani_peer import STRESS_KINDS, TorchaniInference

from potstill.data.frames import Frames
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator

TOLERANCES = {
    "energy_eV_per_atom": 1e-6,
    "force_eV_per_A": 1e-5,
    "stress_eV_per_A3": 1e-6,
    "sigma_eV": 1e-6,
}
CALLS_IN_WINDOW = 10
# torchani's ways to the same numbers, quickest by its ASE calculator first.
PEERS = {
    "torchani": TorchaniInference.by_calculator,
    "torchani_by_property": TorchaniInference.by_property,
    "torchani_model": TorchaniInference.by_model,
}


def fastest_calculator(ensemble: Ensemble, frames: Frames) -> tuple[TorchaniInference, str]:
    """Return torchani's calculator with the choices that are fastest here, and their names."""
    atoms = [frames.to_ase(i) for i in range(CALLS_IN_WINDOW)]
    options = {
        f"{kind}{', TorchScript' * scripted}": TorchaniInference(ensemble, kind, scripted=scripted)
        for kind in STRESS_KINDS
        for scripted in (False, True)
    }

    def asked(peer: TorchaniInference) -> Any:
        return lambda calls: [peer.by_calculator(a) for a in atoms[:calls]]

    times = cpu_windows({n: asked(o) for n, o in options.items()}, CALLS_IN_WINDOW, 3)
    best = min(options, key=lambda name: times[name].min())
    return options[best], best


def check_inference(
    own: EnsembleCalculator, peer: TorchaniInference, frames: Frames
) -> dict[str, float]:
    """Return the largest differences over some frames; SystemExit if the answers are not equal."""
    found = dict.fromkeys(TOLERANCES, 0.0)
    for i in range(CALLS_IN_WINDOW):
        atoms = frames.to_ase(i)
        own.calculate(atoms)
        result = own.results
        stress = result["stress"][[[0, 5, 4], [5, 1, 3], [4, 3, 2]]]
        ours = (result["energy"], result["forces"], stress, result["energies_std"])
        for ask in PEERS.values():
            differences = [
                float(np.abs(a - b).max()) for a, b in zip(ours, ask(peer, atoms), strict=True)
            ]
            differences[0] /= len(atoms)
            for name, difference in zip(found, differences, strict=True):
                found[name] = float(np.maximum(found[name], difference))  # keeps NaN
    if not all(found[name] <= limit for name, limit in TOLERANCES.items()):
        raise SystemExit(f"the models differ, so that no timing means anything: {found}")
    return found


def inference_section(
    ensemble: Ensemble, frames: Frames, rounds: int
) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the fields of inference, and the differences between the programs' answers."""
    own = EnsembleCalculator(ensemble)
    peer, choice = fastest_calculator(ensemble, frames)
    differences = check_inference(own, peer, frames)

    def asked(ask: Any) -> Any:
        turns = cycle([frames.to_ase(i) for i in range(len(frames))])
        return lambda calls: [ask(next(turns)) for _ in range(calls)]

    calls = {"potstill": asked(own.calculate)}
    calls |= {name: asked(lambda atoms, ask=ask: ask(peer, atoms)) for name, ask in PEERS.items()}
    windows = cpu_windows(calls, CALLS_IN_WINDOW, rounds)
    fields: dict[str, Any] = {f"{name}_ms": summary(t / 1e3) for name, t in windows.items()}
    for name in PEERS:
        key = name.replace("torchani", "ratio")
        fields[key] = ratio(windows[name], windows["potstill"])
    return fields | {"atoms": frames.atoms, "torchani_calculator": choice}, differences
