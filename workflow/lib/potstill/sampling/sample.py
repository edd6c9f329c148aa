"""One sampling job: learn the bias (MOMT) or equilibrate (NPT), then produce labelled frames."""

import json
import time
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from potstill.data.frames import write_frames
from potstill.data.structures import Structures
from potstill.potentials.eam import EamPotential, label_frames
from potstill.potentials.setfl import numbers_sha256
from potstill.runtime.compiled import use_threads
from potstill.runtime.files import atomic_path, write_json
from potstill.runtime.progress import Progress, say
from potstill.runtime.restart import Restart, restart_file
from potstill.sampling.analysis import melting_temperature, order_flatness, round_trips
from potstill.sampling.bias import order_nodes
from potstill.sampling.engine import Advance, advance
from potstill.sampling.recipe import complete
from potstill.sampling.sampler import Sampler
from potstill.sampling.walkers import System
from potstill.settings import Element, Momt, Npt, split_sampled
from potstill.versions import version_of


def _run(sampler: Sampler, name: str, restart: Restart) -> float:
    """Run to the end, saving on the way; return steps per second of all walkers together."""
    state = restart.load()
    if state is not None:
        sampler.restore(state)
    first, began = sampler.step, time.monotonic()
    walkers = sampler.settings.walkers
    progress = Progress(name, sampler.total * walkers, "steps", start=first * walkers)
    while sampler.step < sampler.total:
        sampler.segment()
        h, o = sampler.trace[-1][:, -1, 0] / sampler.atoms, sampler.trace[-1][:, -1, 1]
        phase = "learning" if sampler.step <= sampler.learning else "production"
        progress.update(
            sampler.step * walkers,
            f"{phase}, H/N {h.min():.3f}..{h.max():.3f} eV, O {o.min():.1f}..{o.max():.1f}",
        )
        if restart.due():
            restart.save(sampler.state())
    return (sampler.total - first) * walkers / max(time.monotonic() - began, 1e-9)


def _summarise(sampler: Sampler, rate: float, seed: int) -> dict[str, float | int | str | None]:
    """Return the summary of a finished run, from its production part."""
    settings, atoms = sampler.settings, sampler.atoms
    points = sampler.points(production=True)
    h, o, bias = points[..., 0], points[..., 1], points[..., 3]
    momt = isinstance(settings, Momt)
    middle = (sampler.mesh.h_low + sampler.mesh.h_high) / 2 if momt else -np.inf
    trips = round_trips(h, o, atoms, middle)
    below = sampler.floor.below(h, o)
    melting = None
    if isinstance(settings, Momt) and trips:
        limits = settings.low_temperature_K, settings.high_temperature_K
        melting = melting_temperature(h[~below], bias[~below], settings.temperature_K, *limits)
    kinetic = sampler.walkers.kinetic.sum(axis=0)
    moves = sampler.walkers.moves.sum(axis=0)
    return {
        "steps": settings.production_steps,
        "frames": settings.frames,
        "round_trips": trips,
        "order_flatness": order_flatness(o) if momt else None,
        "below_floor": float(below.mean()),
        "kinetic_temperature_K": settings.temperature_K * float(kinetic[0] / kinetic[1]),
        "melting_temperature_K": melting,
        "steps_per_second": round(rate, 1),
        "seed": seed,
        "method": settings.method,
        "round_trips_note": (
            "between solid and liquid, in production"
            if trips
            else "none yet: raise learning_steps and production_steps"
            if momt
            else "none: a conventional run keeps its phase"
        ),
        "walkers": settings.walkers,
        "learning_steps": sampler.learning * settings.walkers,
        "volume_moves_accepted": float(moves[1] / moves[0]),
        "mean_enthalpy_eV_per_atom": float(h.mean() / atoms),
        "mean_order_parameter": float(o.mean()),
    }


def _write_trace(path: Path, sampler: Sampler) -> None:
    points = sampler.points(production=False)
    settings = sampler.settings
    t0 = settings.temperature_K
    steps = settings.trace_interval * (1 + np.arange(points.shape[1]))
    arrays = {
        "step": (steps, "1"),
        "enthalpy": (points[..., 0], "eV"),
        "order_parameter": (points[..., 1], "1"),
        "kinetic_temperature_K": (points[..., 2] * t0, "K"),
        "bias_energy": (points[..., 3], "eV"),
    }
    if isinstance(settings, Momt):
        mesh, (n_h, n_o) = sampler.mesh, settings.nodes
        arrays["bias"] = (sampler.bias, "eV")
        arrays["enthalpy_nodes"] = (np.linspace(mesh.h_low, mesh.h_high, n_h), "eV")
        arrays["order_nodes"] = (order_nodes(mesh, n_o), "1")
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as store:
        store.attrs["symbol"] = sampler.potential.symbol
        store.attrs["atoms"] = sampler.atoms
        store.attrs["temperature_K"] = t0
        store.attrs["enthalpy_floor"] = sampler.floor[:2]
        store.attrs["timestep_fs"] = settings.timestep_fs
        store.attrs["production_start_step"] = sampler.learning
        for name, (values, unit) in arrays.items():
            store.create_dataset(name, data=values).attrs["unit"] = unit


def engine_for(device: str) -> Advance:
    """Return what moves walkers on `device` (auto, cpu, cuda): the compiled engine or torch's.

    torch's only where `cuda` is asked for: whether a GPU pays was never measured. It raises
    PotstillError where there is none. torch is not loaded for anything else.
    """
    if device != "cuda":
        return advance
    from potstill.runtime.device import resolve_device
    from potstill.sampling import torch_engine

    return partial(torch_engine.advance, device=resolve_device(device))


def sample(
    settings: Momt | Npt,
    *,
    name: str,
    element: Element,
    potential: Path,
    seed: int,
    device: str,
    threads: int,
    frames: Path,
    summary: Path,
    trace: Path,
) -> None:
    """Sample the set called `name` (element/atoms/ensemble) and write its three files.

    frames: labelled Frames in the order of time (walker by walker within a step), with enthalpy
    (eV, whole cell), order_parameter, bias (eV), walker and step; summary: JSON of the diagnostics;
    trace: (H, O, temperature) of every walker, and the bias. Resumes from `<frames>.restart`.
    """
    symbol, atoms, _ = split_sampled(name)
    use_threads(threads)
    engine, device = engine_for(device), "cuda" if device == "cuda" else "cpu"
    eam = EamPotential.from_file(potential, symbol)
    system = System(element, atoms, eam)
    say(f"{name}: {settings.method}, {settings.walkers} walkers on {device}, first compiling")
    if isinstance(settings, Momt):
        settings = complete(settings, system, seed)
    table = numbers_sha256(potential.read_text())
    made_with = [
        version_of("sampling.sample"),
        name,
        seed,
        device,
        settings.model_dump(),
        dict(element),
    ]
    with restart_file(frames, json.dumps([*made_with, table])) as restart:
        sampler = Sampler(settings, system, seed, name, engine)
        rate = _run(sampler, name, restart)
        points = sampler.points(production=True)
        every = sampler.spacing // settings.trace_interval
        chosen = points[:, every - 1 :: every].transpose(1, 0, 2).reshape(settings.frames, 4)
        length = np.concatenate(sampler.kept_length)
        rows = settings.frames // settings.walkers
        steps = sampler.learning + sampler.spacing * (1 + np.arange(rows))
        labelled = label_frames(
            eam,
            Structures.uniform(
                symbol, np.concatenate(sampler.kept_x), length[:, None, None] * np.eye(3)
            ),
            threads=threads,
            attributes={
                "set": name,
                "temperature_K": settings.temperature_K,
                "pressure_eV_per_A3": sampler.physics.pressure,
                "enthalpy_floor": sampler.floor[:2],
            },
        )
        labelled.columns.update(
            enthalpy=labelled.need("energy", name) + sampler.physics.pressure * length**3,
            order_parameter=chosen[:, 1],
            bias=chosen[:, 3],
            walker=np.tile(np.arange(settings.walkers), rows),
            step=np.repeat(steps, settings.walkers),
        )
        write_frames(frames, labelled)
        _write_trace(trace, sampler)
        content = _summarise(sampler, rate, seed) | {"settings": settings.model_dump(mode="json")}
        say(f"{name}: {content['round_trips']} round trips ({content['round_trips_note']})")
        write_json(summary, content)
