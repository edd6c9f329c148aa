"""Time one biased isobaric step of potstill against LAMMPS: see docs/benchmarks.md.

One process and one thread; the same table, configuration, time step, temperature and pressure; the
engines take turns in short windows of CPU time, so that what else the machine does hits them all.
Energies and forces are checked against each other before anything is timed.
"""

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import yaml
from ase import units
from common import cpu_windows, machine, ratio, summary
from lammps_peer import Bias, Choices, LammpsNpt, State
from parts import time_parts

from potstill.data.structures import Structures
from potstill.potentials.eam import EamPotential
from potstill.potentials.fetch import fetch_table
from potstill.potentials.setfl import Setfl, format_setfl, read_setfl
from potstill.runtime.compiled import use_threads
from potstill.runtime.files import write_json
from potstill.runtime.streams import stream
from potstill.sampling.bias import Mesh
from potstill.sampling.engine import Physics, Walkers, advance
from potstill.sampling.recipe import Complete, complete
from potstill.sampling.walkers import System, crystal_walkers, make_physics, unbiased
from potstill.settings import Momt, load_settings

ROOT = Path(__file__).parents[1]
SYMBOL = "Ni"
SIZES = (32, 108)
# K. The crystal at the T0 of its MOMT run; a liquid that does not freeze meanwhile.
PHASES = {"crystal": 2000.0, "liquid": 3000.0}
MELTING_OFF_K = 5000.0
EQUILIBRATION_STEPS = 5000
# Steps between two frames of config/paper/full.yaml; each segment builds its neighbour list anew.
SEGMENT_STEPS = 100
# Of the bias, in kB T0: real enough to change the forces, too small to change the phase.
RIPPLE_KT = 0.1
# Of two engines' volumes at the end: a phase fluctuates by a few per cent, a gas is far outside.
MAX_VOLUME_RATIO = 1.4
# Of the 10,000 points of the published table, for LAMMPS's small table.
THINNING = 5
PACKAGES = ("potstill", "lammps", "numba", "numpy")
STYLES, SKINS_A = ("eam/fs", "eam/fs/opt"), (0.5, 1.0, 2.0)
ENERGY_TOLERANCE_EV, FORCE_TOLERANCE_EV_PER_A = 1e-6, 1e-4


# Each ratio's peer, in columns of the printed table.
RATIOS = {
    "ratio_plain": "lammps_npt",
    "ratio_plain_small_table": "lammps_npt_small_table",
    "ratio_biased": "lammps_biased",
    "ratio_biased_numpy": "lammps_biased_numpy",
}


class Potstill:
    """Walkers run as in production: a frozen bias, segments, and nothing left out."""

    def __init__(
        self,
        settings: Complete,
        walkers: Walkers,
        physics: Physics,
        potential: EamPotential,
        bias: Bias,
    ) -> None:
        self.settings, self.walkers, self.physics = settings, walkers, physics
        self.potential, self.bias, self.step = potential, bias, 0

    def run(self, steps: int) -> None:
        """Go on by `steps` steps of every walker, in segments."""
        for _ in range(steps // SEGMENT_STEPS):
            self.advance(SEGMENT_STEPS, self.settings.trace_interval)

    def advance(self, steps: int, interval: int) -> np.ndarray:
        """Run one segment; return its trace."""
        points = advance(
            self.walkers,
            self.physics,
            self.potential.dynamics_tables,
            self.bias.table,
            self.bias.mesh,
            first=self.step,
            steps=steps,
            interval=interval,
        )
        self.step += steps
        return points

    def state(self) -> State:
        """Return the first walker's configuration."""
        w = self.walkers
        return State(w.x[0, :, :3].copy(), w.v[0, :, :3].copy(), float(w.length[0]))


def ripple(settings: Complete, atoms: int) -> Bias:
    """Return a bias of random coefficients on the MOMT run's own mesh.

    Its tails are flat: those of a MOMT run would boil a liquid that is above the mesh.
    """
    low, high = settings.enthalpy_range_eV_per_atom
    t0 = settings.temperature_K
    mesh = Mesh(low * atoms, high * atoms, float(atoms), 0.0, 0.0)
    scale = RIPPLE_KT * units.kB * t0
    return Bias(stream(1, "benchmark", "bias").normal(0, scale, settings.nodes), mesh)


def equilibrated(settings: Complete, system: System, phase: str) -> Potstill:
    """Return one walker of the phase at its temperature, after an unbiased run."""
    _, atoms, potential = system
    walkers = crystal_walkers(settings, system, 1, phase)
    first = 0
    for kelvin in ([MELTING_OFF_K] if phase == "liquid" else []) + [PHASES[phase]]:
        physics = make_physics(settings, system, kelvin)
        steps = EQUILIBRATION_STEPS
        tables = potential.dynamics_tables
        advance(walkers, physics, tables, *unbiased(atoms), first=first, steps=steps, interval=100)
        first += steps
    run = Potstill(settings, walkers, physics, potential, ripple(settings, atoms))
    run.step = first
    return run


def check(run: Potstill, table: Path, choices: Choices) -> dict[str, float]:
    """Return the largest differences between the engines; raise SystemExit if they are not equal.

    The energy is the one that potstill's own loop reports after a step; LAMMPS gets the
    configuration of that step, with and without the bias.
    """
    points = run.advance(1, 1)
    state, physics, bias = run.state(), run.physics, run.bias
    own = points[0, 0, 0] - physics.pressure * state.length**3
    cell = state.length * np.eye(3)
    labels = run.potential.evaluate(Structures.uniform(SYMBOL, state.x[None], cell[None]))
    peers = [
        LammpsNpt(table, SYMBOL, state, physics, choices),
        LammpsNpt(table, SYMBOL, state, physics, choices, bias),
        LammpsNpt(table, SYMBOL, state, physics, choices, bias, numpy_order=True),
    ]
    energies = [own, float(labels.energy[0]), *(peer.energy() for peer in peers)]
    plain, biased, in_numpy = (peer.forces() for peer in peers)
    for peer in peers:
        peer.close()
    differences = {
        "energy_eV": max(energies) - min(energies),
        "force_eV_per_A": float(np.abs(plain - labels.forces).max()),
        "biased_force_eV_per_A": float(np.abs(in_numpy - biased).max()),
    }
    equal = (
        differences["energy_eV"] <= ENERGY_TOLERANCE_EV
        and differences["force_eV_per_A"] <= FORCE_TOLERANCE_EV_PER_A
        and differences["biased_force_eV_per_A"] <= FORCE_TOLERANCE_EV_PER_A
        and np.abs(biased - plain).max() > 1e-3  # or the bias did nothing
    )
    if not equal:
        raise SystemExit(f"the engines differ, so that no timing means anything: {differences}")
    return differences


def best_choices(run: Potstill, table: Path, steps: int) -> Choices:
    """Return the pair style and skin with which LAMMPS's own loop is fastest here."""
    options = [Choices(style, skin) for style in STYLES for skin in SKINS_A]
    engines = {o: LammpsNpt(table, SYMBOL, run.state(), run.physics, o) for o in options}
    runs = {str(i): engines[o].run for i, o in enumerate(options)}
    times = cpu_windows(runs, steps, 3)
    for engine in engines.values():
        engine.close()
    return options[min(range(len(options)), key=lambda i: times[str(i)].min())]


def small_table(table: Setfl, symbol: str) -> Setfl:
    """Return a table of one element that is faster for LAMMPS than the published one.

    One point in five stays, so that it fits into the cache, and the cut-off is where the functions
    of the element end.
    """
    index = table.elements.index(symbol)
    ends = [np.flatnonzero(f[index, index])[-1] + 1 for f in (table.density, table.pair)]
    f, rho, phi = (
        values[..., ::THINNING].copy() for values in (table.embedding, table.density, table.pair)
    )
    return replace(
        table,
        cutoff_A=min(table.cutoff_A, float(max(ends) * table.d_r)),
        n_rho=f.shape[-1],
        d_rho=THINNING * table.d_rho,
        n_r=rho.shape[-1],
        d_r=THINNING * table.d_r,
        embedding=f,
        density=rho,
        pair=phi,
    )


def compare(run: Potstill, table: Path, small: Path, steps: int, rounds: int) -> dict[str, Any]:
    """Return every field of one size and phase."""
    choices = best_choices(run, table, steps)
    differences = check(run, table, choices)
    state = run.state()
    peers = {
        "lammps_npt": LammpsNpt(table, SYMBOL, state, run.physics, choices),
        "lammps_biased": LammpsNpt(table, SYMBOL, state, run.physics, choices, run.bias),
        "lammps_biased_numpy": LammpsNpt(
            table, SYMBOL, state, run.physics, choices, run.bias, numpy_order=True
        ),
        "lammps_npt_small_table": LammpsNpt(small, SYMBOL, state, run.physics, choices),
    }
    run.step = -(-run.step // SEGMENT_STEPS) * SEGMENT_STEPS  # the check made one step
    times = cpu_windows(
        {"potstill": run.run} | {name: peer.run for name, peer in peers.items()}, steps, rounds
    )
    volumes = {"potstill": run.state().length ** 3 / len(state.x)}
    for name, peer in peers.items():
        volumes[name] = peer.volume() / len(state.x)
        peer.close()
    if max(volumes.values()) > MAX_VOLUME_RATIO * min(volumes.values()):
        raise SystemExit(f"a run has left its phase (A^3 an atom: {volumes}); take fewer rounds")
    fields: dict[str, Any] = {f"{n}_us_per_step": summary(t) for n, t in times.items()}
    for name, key in RATIOS.items():
        fields[name] = ratio(times[key], times["potstill"])
    unmoved = run.physics._replace(volume_interval=2**40)
    still = Potstill(run.settings, run.walkers, unmoved, run.potential, run.bias)
    still.step = run.step
    without = cpu_windows({"still": still.run}, steps, max(rounds // 4, 1))["still"]
    parts = time_parts(state, run.potential, run.physics, run.bias, steps)
    parts["volume_moves"] = float(times["potstill"].min() - without.min())
    once = ("energy_and_forces", "noise", "order_parameter", "bias", "volume_moves")
    parts["list_and_rest"] = float(times["potstill"].min()) - sum(parts[name] for name in once)
    fields["parts_us"] = {name: round(value, 2) for name, value in parts.items()}
    lammps = {"pair_style": choices.style, "skin_A": choices.skin}
    return fields | {"lammps": lammps, "check": differences}


def two_threads(settings: Complete, system: System, steps: int, rounds: int) -> dict[str, float]:
    """Return how much faster the set's walkers run on two threads than on one, in wall time."""
    walkers = crystal_walkers(settings, system, 1, "threads")
    physics = make_physics(settings, system)
    bias = ripple(settings, system.atoms)
    run = Potstill(settings, walkers, physics, system.potential, bias)
    walls: dict[int, list[float]] = {1: [], 2: []}
    for number in range(rounds + 1):
        for threads, windows in walls.items():
            use_threads(threads)
            began = time.perf_counter()
            run.run(steps)
            if number > 0:  # the first warms up
                windows.append(time.perf_counter() - began)
    use_threads(1)
    return ratio(np.array(walls[1]), np.array(walls[2]))


def table_row(atoms: int, phase: str, fields: dict[str, Any]) -> str:
    """Return one line for the terminal: least microseconds, and over potstill's in brackets."""
    cells = [str(atoms), phase, f"{fields['potstill_us_per_step']['min']:.1f}"]
    for name, peer in RATIOS.items():
        cells.append(f"{fields[f'{peer}_us_per_step']['min']:.1f} ({fields[name]['min']:.2f})")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Run the benchmark and write its JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--table", type=Path, help="the Ni-Nb table; fetched if not given")
    parser.add_argument("--steps", type=int, default=1000, help="steps in a window")
    parser.add_argument("--rounds", type=int, default=20, help="windows of every engine")
    arguments = parser.parse_args()
    steps, rounds = arguments.steps, arguments.rounds
    if steps < SEGMENT_STEPS or steps % SEGMENT_STEPS or rounds < 1:
        parser.error(f"--steps must be a multiple of {SEGMENT_STEPS} and --rounds at least 1")
    content: dict[str, object] = {"machine": machine(PACKAGES)}
    config = load_settings(yaml.safe_load((ROOT / "config/config.yaml").read_text()))
    element = config.elements[SYMBOL].known(SYMBOL, "this benchmark", table=True)
    folder = arguments.output.parent
    table, small = folder / "table.eam.fs", folder / "small-table.eam.fs"
    source = str(arguments.table) if arguments.table else None
    fetch_table(element.table, table, file=source, sha256=None)
    small.write_text(format_setfl(small_table(read_setfl(table), SYMBOL)))
    potential = EamPotential.from_file(table, SYMBOL)
    use_threads(1)
    print(f"| atoms | phase | potstill | {' | '.join(RATIOS.values())} |")
    print(f"|{' --- |' * (3 + len(RATIOS))}")
    speedups = {}
    for atoms in SIZES:
        given = config.sampling[f"{SYMBOL}/{atoms}/momt"]
        assert isinstance(given, Momt)
        system = System(element, atoms, potential)
        settings = complete(given, system, config.seed)
        one = settings.model_copy(update={"walkers": 1})
        fields: dict[str, Any] = {}
        for phase in PHASES:
            run = equilibrated(one, system, phase)
            found = compare(run, table, small, steps, rounds)
            fields |= found if phase == "crystal" else {phase: found}
            print(table_row(atoms, phase, found), flush=True)
        content[str(atoms)] = fields
        speedups[str(atoms)] = two_threads(settings, system, steps, rounds)
    content["two_thread_speedup"] = speedups
    print("two threads over one:", speedups)
    write_json(arguments.output, content)


if __name__ == "__main__":
    main()
