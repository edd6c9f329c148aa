"""Small result files, made up but with the schemas of the real ones."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.distillation.curve import write_curve
from potstill.runtime.files import write_json

GROUND = {"Ni": -4.876, "Al": -3.411, "Nb": -7.347}
VOLUME = {"Ni": 10.9, "Al": 16.5, "Nb": 18.0}


def _write_set(path, symbol, atoms, count, seed):
    """A solid and a liquid cloud with a bridge between them, in volume, energy, H and O."""
    generator = np.random.default_rng(seed)
    liquid = np.clip(generator.choice([0.0, 1.0], count) + generator.normal(0, 0.25, count), 0, 1)
    heat = 0.25 + 0.3 * liquid + generator.normal(0, 0.04, count)
    energy = atoms * (GROUND[symbol] + heat)
    edge = np.cbrt(VOLUME[symbol] * atoms * (1 + 0.35 * heat + generator.normal(0, 0.01, count)))
    order = atoms * np.clip(0.78 * (1 - liquid) + generator.normal(0.05, 0.03, count), 0, 1)
    write_frames(
        path,
        Frames.uniform(
            symbol,
            generator.random((count, atoms, 3)) * edge[:, None, None],
            edge[:, None, None] * np.eye(3),
            energy=energy,
            atomic_energies=np.repeat(energy / atoms, atoms),
            forces=generator.normal(size=(count * atoms, 3)),
            stress=np.zeros((count, 3, 3)),
            columns={"enthalpy": energy + 0.01, "order_parameter": order},
        ),
    )
    return energy


def _write_evaluation(folder, atoms, energy, mae, seed):
    generator = np.random.default_rng(1000 + seed)
    error = generator.normal(0.3 * mae, 1.2 * mae, len(energy)) * atoms / 1000
    with h5py.File(folder.with_suffix(".h5"), "w") as store:
        store.attrs["atoms"] = atoms
        store.create_dataset("energy", data=energy)
        store.create_dataset("predicted_energy", data=energy + error)
    write_json(
        folder.with_suffix(".json"),
        {"frames": len(energy), "atoms": atoms, "mae_meV_per_atom": mae,
         "mae_shifted_meV_per_atom": 0.93 * mae, "force_mae_meV_per_A": 9 * mae,
         "worst_percent_meV_per_atom": 5 * mae},
    )  # fmt: skip


def _write_trace(path, level, start, seed):
    generator = np.random.default_rng(seed)
    steps = np.arange(50, 40_050, 50)  # as the sampler: a point ends each stretch of 50 steps
    slow = np.cumsum(generator.normal(0, 0.006, (2, len(steps))), axis=1)
    wander = slow if level is None else 0 * slow
    enthalpy = (-4.3 if level is None else level) + 0.12 * np.sin(20 * wander)
    enthalpy = 108 * (enthalpy + generator.normal(0, 0.015, enthalpy.shape))
    enthalpy[:, steps <= start] = 0.0  # would spoil the figure if it were drawn
    with h5py.File(path, "w") as store:
        store.attrs.update(
            atoms=108, temperature_K=2000.0, symbol="Ni", production_start_step=start,
            timestep_fs=2.0,
        )  # fmt: skip
        store.create_dataset("step", data=steps)
        store.create_dataset("enthalpy", data=enthalpy)


@pytest.fixture(scope="session")
def results(tmp_path_factory) -> Path:
    """Return a folder with a small run's result files."""
    root = tmp_path_factory.mktemp("results")
    energies = {}
    for number, (name, symbol, atoms, count) in enumerate(
        [("Ni-32", "Ni", 32, 1200), ("Ni-108", "Ni", 108, 600), ("Al-108", "Al", 108, 600),
         ("Nb-54", "Nb", 54, 600), ("Ni-Al", "Al", 32, 300), ("Ni-Nb", "Nb", 32, 300)]
    ):  # fmt: skip
        energies[name] = _write_set(root / f"{name}.h5", symbol, atoms, count, number)
    for seed, (name, mae) in enumerate([("Al-108", 0.9), ("Nb-54", 4.0), ("Ni-108", 0.6)]):
        energy = energies[name]
        _write_evaluation(root / f"evaluation-{name}", int(name[3:]), energy, mae, seed)
    maes = {"Ni-fcc": (0.6, 80, 40), "Ni-liquid": (60, 0.9, 20), "Ni-momt": (1.0, 1.1, 1.2)}
    for model, row in maes.items():
        for column, mae in enumerate(row):
            energy = 108 * np.random.default_rng(column).normal(-4.5 + 0.1 * column, 0.03, 400)
            _write_evaluation(root / f"{model}-on-{column}", 108, energy, mae, column)
    summaries, source, reference = [], [], []
    for k, frames in enumerate([120, 150, 172, 190, 204]):
        path = root / f"selection-{k}.json"
        write_json(
            path,
            {"iteration": k, "frames": frames, "labelled": frames, "atoms": 32,
             "strategy": "outlying_atom", "block_frames": 120, "added": [120, 30, 22, 18, 14][k]},
        )  # fmt: skip
        summaries.append(path)
        mae = 2.4 / (1 + 0.7 * k)
        _write_evaluation(root / f"source-{k}", 32, energies["Ni-32"], mae, k)
        _write_evaluation(root / f"reference-{k}", 108, energies["Ni-108"], 0.6 * mae, k)
        source.append(root / f"source-{k}.json")
        reference.append(root / f"reference-{k}.json")
    write_curve(summaries, source, reference, output=root / "curve.csv")
    for label, frames, mae in (("8x8", 41, 2.1), ("16x16", 119, 0.8)):
        write_json(root / f"grid-{label}.json", {"frames": frames, "atoms": 108})
        _write_evaluation(root / f"grid-{label}-on-108", 108, energies["Ni-108"], mae, frames)
    for name, frames, mae in (("random", 204, 0.5), ("full", 1200, 0.3)):
        write_json(root / f"Ni-{name}.json", {"symbol": "Ni", "frames": frames, "atoms": 32})
        _write_evaluation(root / f"source-{name}", 32, energies["Ni-32"], mae, frames)
    write_json(root / "sampling.json", {"frames": 1200})
    write_json(root / "Ni-distilled.json", {"symbol": "Ni", "members": 5, "frames": 204})
    for symbol in ("Al", "Nb"):
        write_json(
            root / f"crystals-{symbol}.json",
            {"crystals": [{"energy_eV_per_atom": GROUND[symbol] + d} for d in (0.1, 0.0, 0.03)]},
        )
    for label, level in (("fcc", -4.55), ("liquid", -4.32), ("momt", None)):
        _write_trace(root / f"{label}-trace.h5", level, 5000, len(label))
    return root


@pytest.fixture
def one_frame(results, tmp_path) -> Path:
    """Return a copy of the small run whose sets and evaluations hold one frame each."""
    root = tmp_path / "one_frame"
    shutil.copytree(results, root)
    for path in [*root.glob("*-on-*.h5"), *root.glob("evaluation-*.h5")]:
        with h5py.File(path, "a") as store:
            for name in ("energy", "predicted_energy"):
                value = store[name][:1]
                del store[name]
                store[name] = value
    for name in ("Ni-32", "Ni-108", "Al-108", "Nb-54", "Ni-Al", "Ni-Nb"):
        write_frames(root / f"{name}.h5", read_frames(root / f"{name}.h5")[:1])
    return root
