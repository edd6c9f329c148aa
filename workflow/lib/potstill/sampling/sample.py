"""One sampling job: learn the bias (MOMT) or equilibrate (NPT), then produce labelled frames."""

import json
import time
from pathlib import Path

import h5py
import numpy as np

from potstill.data.frames import write_frames
from potstill.potentials.eam import EamPotential, label_frames
from potstill.potentials.setfl import numbers_sha256
from potstill.runtime.compiled import use_threads
from potstill.runtime.files import atomic_path, write_json
from potstill.runtime.progress import Progress, say
from potstill.runtime.restart import Restart, State, restart_file
from potstill.sampling.analysis import melting_temperature, order_flatness, round_trips
from potstill.sampling.bias import (
    Mesh,
    deposit,
    deposit_height,
    deposits_to_cover,
    flattening,
    order_nodes,
)
from potstill.sampling.device import Advance, engine_for, sampling_device
from potstill.sampling.engine import Floats, Physics, Walkers, advance
from potstill.sampling.floor import Floor, no_floor
from potstill.sampling.recipe import Complete, complete
from potstill.sampling.walkers import bring_back, make_physics, start_walkers, unbiased
from potstill.settings import Element, Momt, Npt, split_set
from potstill.versions import version_of

# Learning is cut into this many parts. After each the bias below the floor is leveled, and a walker
# that was there for more than STRAY_SHARE of it begins the next where another walker is.
LEARNING_PARTS, STRAY_SHARE = 50, 0.3


class Sampler:
    """The whole state of a sampling job, advanced segment by segment.

    name: of the run, from which its random streams are named.
    Steps are counted by walker: learning ends (and production starts) at `learning` steps.
    """

    def __init__(
        self,
        settings: Complete | Npt,
        element: Element,
        atoms: int,
        potential: EamPotential,
        seed: int,
        name: str,
        engine: Advance = advance,
    ) -> None:
        self.settings, self.atoms, self.potential = settings, atoms, potential
        self.engine = engine
        self.physics: Physics = make_physics(settings, element, atoms, potential)
        if isinstance(settings, Momt):
            low, high = settings.enthalpy_range_eV_per_atom
            t0 = settings.temperature_K
            self.mesh = Mesh(
                low * atoms,
                high * atoms,
                float(atoms),
                t0 / settings.low_temperature_K - 1,
                t0 / settings.high_temperature_K - 1,
            )
            floor = settings.enthalpy_floor_eV_per_atom * atoms
            self.floor = Floor(floor, self.mesh.h_low, atoms)
            self.bias: Floats = self.floor.wall(self.mesh, settings.nodes, self.physics.kT)
            self.learning = settings.learning_steps // settings.walkers
            self.part = self.learning / LEARNING_PARTS
            # the last deposit; what follows measures what the frozen bias leaves uneven in O
            deposits = (1 - settings.measuring_share) * self.learning / settings.deposit_interval
            self.frozen = round(deposits) * settings.deposit_interval
        else:
            self.bias, self.mesh = unbiased(atoms)
            self.floor = no_floor(atoms)
            self.learning = settings.equilibration_steps // settings.walkers
        self.spacing = settings.production_steps // settings.frames
        self.total = self.learning + settings.production_steps // settings.walkers
        self.step = 0
        self.deposits = 0
        self.trace: list[Floats] = []
        self.kept_x: list[Floats] = []
        self.kept_length: list[Floats] = []
        self.walkers: Walkers = start_walkers(settings, element, atoms, potential, seed, name)
        self.steps_below = np.zeros(settings.walkers, dtype=np.int64)

    def segment(self) -> None:
        """Run to the next deposit, frame or end of equilibration."""
        settings = self.settings
        producing = self.step >= self.learning
        if producing:
            steps = self.spacing
        elif isinstance(settings, Momt):
            steps = settings.deposit_interval
        else:
            steps = settings.trace_interval
        if self.step == self.learning:
            self.walkers.kinetic[:] = 0.0
            self.walkers.moves[:] = 0
        points = self.engine(
            self.walkers,
            self.physics,
            self.potential.dynamics_tables,
            self.bias,
            self.mesh,
            first=self.step,
            steps=steps,
            interval=settings.trace_interval,
        )
        self.trace.append(points)
        self.step += steps
        if producing:
            self.kept_x.append(self.walkers.x[:, :, :3].copy())
            self.kept_length.append(self.walkers.length.copy())
        elif isinstance(settings, Momt):
            self._learn(settings, points[:, -1], steps)

    def _learn(self, settings: Complete, last: Floats, steps: int) -> None:
        """Learn from the walkers' last points (W, 4) of a segment of `steps`."""
        widths = settings.enthalpy_width_eV, settings.order_width
        if self.step <= self.frozen:
            cover = deposits_to_cover(self.mesh, *widths)
            for h, o in last[:, :2]:
                self.deposits += 1
                height_kT = deposit_height(
                    self.deposits, settings.height_kT, settings.constant_deposits, cover
                )
                deposit(self.bias, self.mesh, h, o, height_kT * self.physics.kT, *widths)
        below = self.floor.below(last[:, 0], last[:, 1])
        self.steps_below[below] += steps
        if self.step // self.part > (self.step - steps) // self.part:
            if self.step <= self.frozen:
                self.bias[:] = self.floor.level(self.bias, self.mesh, self.physics.kT)
            bring_back(self.walkers, self.steps_below > STRAY_SHARE * self.part, below)
            self.steps_below[:] = 0
        for first, end in ((self.frozen // 2, self.frozen), (self.frozen, self.learning)):
            if first < end == self.step:
                trace = self.points(production=False)
                order = trace[:, first // settings.trace_interval :, 1]
                flat = flattening(order, self.mesh, settings.nodes[1], settings.order_width)
                self.bias += self.physics.kT * flat

    def state(self) -> State:
        """Return everything that a restart needs."""
        w = self.walkers
        return {
            "step": np.array(self.step),
            "deposits": np.array(self.deposits),
            "steps_below": self.steps_below,
            "bias": self.bias,
            "x": w.x,
            "v": w.v,
            "length": w.length,
            "moves": w.moves,
            "kinetic": w.kinetic,
            "trace": np.concatenate([np.zeros((len(w.length), 0, 4)), *self.trace], axis=1),
            "kept_x": np.array(self.kept_x),
            "kept_length": np.array(self.kept_length),
        }

    def restore(self, state: State) -> None:
        """Take over a state saved by `state`."""
        self.step, self.deposits = int(state["step"]), int(state["deposits"])
        self.steps_below[:] = state["steps_below"]
        self.bias[:] = state["bias"]
        for name in ("x", "v", "length", "moves", "kinetic"):
            getattr(self.walkers, name)[:] = state[name]
        self.trace = [np.asarray(state["trace"], dtype=np.float64)]
        self.kept_x = list(np.asarray(state["kept_x"], dtype=np.float64))
        self.kept_length = list(np.asarray(state["kept_length"], dtype=np.float64))

    def points(self, *, production: bool) -> Floats:
        """Return the trace (W, T, 4) of `Advance`, of production alone or from the first step."""
        trace = np.concatenate(self.trace, axis=1)
        return trace[:, self.learning // self.settings.trace_interval :] if production else trace


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
    symbol, atoms, _ = split_set(name)
    use_threads(threads)
    eam = EamPotential.from_file(potential, symbol)
    device = sampling_device(device, settings.walkers)
    say(f"{name}: {settings.method}, {settings.walkers} walkers on {device}, first compiling")
    if isinstance(settings, Momt):
        settings = complete(settings, element, atoms, eam, seed)
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
        engine = engine_for(device, settings.walkers)
        sampler = Sampler(settings, element, atoms, eam, seed, name, engine)
        rate = _run(sampler, name, restart)
        points = sampler.points(production=True)
        every = sampler.spacing // settings.trace_interval
        chosen = points[:, every - 1 :: every].transpose(1, 0, 2).reshape(settings.frames, 4)
        length = np.concatenate(sampler.kept_length)
        rows = settings.frames // settings.walkers
        steps = sampler.learning + sampler.spacing * (1 + np.arange(rows))
        labelled = label_frames(
            eam,
            np.concatenate(sampler.kept_x),
            length[:, None, None] * np.eye(3),
            threads=threads,
            attributes={
                "set": name,
                "temperature_K": settings.temperature_K,
                "pressure_eV_per_A3": sampler.physics.pressure,
                "enthalpy_floor": sampler.floor[:2],
            },
        )
        labelled.columns.update(
            enthalpy=labelled.energy + sampler.physics.pressure * length**3,
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
