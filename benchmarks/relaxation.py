"""Time `relax_batch` against a loop of ASE's optimisers over the same ensemble.

One process and one thread, CPU time. The peer is the fastest of ASE's BFGS, LBFGS and FIRE on the
same structures at the same fmax, with potstill's own calculator; with a variable cell under ASE's
UnitCellFilter, whose force and cell components `relax_batch` converges as well. ASE relaxes some of
the structures only. Both then go on to forces that tell minima apart, off the clock.
"""

import argparse
import math
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import ase
import ase.build
import numpy as np
from ase.filters import UnitCellFilter
from ase.optimize import BFGS, FIRE, LBFGS
from common import machine
from mixed_structures import mixed_structures, sample_of_sizes
from same_minima import compared_minima
from torchsim import time_torch_sim

from potstill.data.structures import Structures, joined
from potstill.errors import PotstillError
from potstill.models import load_ensemble
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.potentials.eam import EamPotential, label_frames
from potstill.potentials.fetch import fetch_table
from potstill.relaxation import relax_batch
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.runtime.restart import Restart
from potstill.runtime.streams import stream
from potstill.settings import Training
from potstill.training.loop import train

SYMBOL, LATTICE_CONSTANT_A = "Ni", 3.51623
PACKAGES = ("potstill", "torch", "ase", "numba", "numpy")
OPTIMISERS = {"BFGS": BFGS, "LBFGS": LBFGS, "FIRE": FIRE}
STEPS = 500
# Largest force where minima are compared, eV/A.
TIGHT = 1e-5
# Of the cells: standard deviations of the positions, A, and of the components of the strain.
NOISE_A, STRAIN = 0.1, 0.02
# Of the frames of each kind that a small ensemble is trained on: up to this noise, so that the
# crystals are inside.
FRAMES, LARGEST_NOISE_A, TRAINING_STEPS = 300, 0.2, 2000


def perturbed_cells(count: int, *, strain: float, seed: int = 1) -> Structures:
    """Return perturbed FCC nickel, 32 atoms."""
    random = stream(seed, "benchmark", "cells")
    crystal = ase.build.bulk(SYMBOL, cubic=True, a=LATTICE_CONSTANT_A).repeat(2)
    deformation = np.eye(3) + strain * random.normal(size=(count, 3, 3))
    positions = crystal.positions @ deformation
    noise = NOISE_A * random.normal(size=positions.shape)
    cells = np.asarray(crystal.cell) @ deformation
    return Structures.uniform(SYMBOL, positions + noise, cells)


def time_relaxation(
    ensemble: Ensemble,
    made: Structures,
    fmax: float,
    *,
    relax_cell: bool = False,
    peers: int,
) -> dict[str, Any]:
    """Return times of relaxing structures, and a comparison of where they end.

    peers: so many structures of all sizes are given to ASE, whose times are scaled by the number of
    atoms. potstill_seconds: of all structures; ase_seconds: of all, by optimiser; ratio: of the
    fastest of ASE's to potstill; potstill_steps, ase_steps: means; ..._converged: shares; minima:
    see `compared_minima`, of potstill and that optimiser.
    """
    limit_threads(1)
    options: dict[str, Any] = {"steps": STEPS, "relax_cell": relax_cell}
    relax_batch(ensemble, made.structures(slice(2)), fmax=fmax, **options)  # compiles
    began = time.process_time()
    relaxed = relax_batch(ensemble, made, fmax=fmax, **options)
    seconds = time.process_time() - began
    chosen = sample_of_sizes(made, peers)
    images = [made.image(k) for k in chosen]
    loops = {
        name: _ase_loop(ensemble, images, fmax, optimiser, relax_cell)
        for name, optimiser in OPTIMISERS.items()
    }
    scale = made.sizes.sum() / made.sizes[chosen].sum()
    fastest = min(loops, key=lambda name: loops[name]["seconds"])
    own = relax_batch(ensemble, relaxed.structures(chosen), fmax=TIGHT, **options)
    peer = _ase_loop(ensemble, loops[fastest]["images"], TIGHT, OPTIMISERS[fastest], relax_cell)
    ends = [own.image(k) for k in range(peers)]
    return {
        "structures": len(made),
        "structures_of_ase": peers,
        "atoms": [int(made.sizes.min()), float(made.sizes.mean()), int(made.sizes.max())],
        "fmax_eV_per_A": fmax,
        "relax_cell": relax_cell,
        "potstill_seconds": round(seconds, 3),
        "ase_seconds": {
            name: round(float(scale * loop["seconds"]), 3) for name, loop in loops.items()
        },
        "fastest_of_ase": fastest,
        "ratio": round(float(scale) * loops[fastest]["seconds"] / seconds, 2),
        "potstill_steps": float(relaxed.steps.mean()),
        "ase_steps": {name: float(loop["steps"].mean()) for name, loop in loops.items()},
        "potstill_converged": float(relaxed.converged.mean()),
        "ase_converged": {name: float(loop["converged"].mean()) for name, loop in loops.items()},
        "minima": compared_minima(ends, own.energy, peer["images"], peer["energies"]),
    }


def _ase_loop(
    ensemble: Ensemble, images: list[ase.Atoms], fmax: float, optimiser: Any, relax_cell: bool
) -> dict[str, Any]:
    """Return CPU seconds, steps, energies, relaxed copies and what converged of an optimiser."""
    calculator = EnsembleCalculator(ensemble)
    steps, energies, converged, relaxed = [], [], [], []
    began = time.process_time()
    for image in images:
        atoms = image.copy()
        atoms.calc = calculator
        run = optimiser(_with_cell(atoms) if relax_cell else atoms, logfile=None)
        try:
            converged.append(run.run(fmax=fmax, steps=STEPS))
            energies.append(atoms.get_potential_energy())
        except PotstillError:  # the model has no answer there
            converged.append(False)
            energies.append(math.nan)
        steps.append(run.nsteps)
        relaxed.append(atoms)
    return {
        "seconds": time.process_time() - began,
        "steps": np.array(steps),
        "energies": np.array(energies),
        "converged": np.array(converged),
        "images": relaxed,
    }


def _with_cell(atoms: ase.Atoms) -> UnitCellFilter:
    """Return atoms whose cell relaxes along its periodic directions, x and y of a slab."""
    return UnitCellFilter(atoms, mask=None if atoms.pbc.all() else [1, 1, 0, 0, 0, 1])


def small_ensemble(table: Path) -> Ensemble:
    """Return an ensemble of the default shape, trained on structures like those that it relaxes.

    Half of them FCC crystals of 32 atoms, displaced and strained.
    """
    random = stream(1, "benchmark", "frames")
    crystal = ase.build.bulk(SYMBOL, cubic=True, a=LATTICE_CONSTANT_A).repeat(2)
    deformation = np.eye(3) + STRAIN * random.normal(size=(FRAMES, 3, 3))
    positions = crystal.positions @ deformation
    noise = random.uniform(0, LARGEST_NOISE_A, (FRAMES, 1, 1))
    positions += noise * random.normal(size=positions.shape)
    cells = np.asarray(crystal.cell) @ deformation
    crystals = Structures.uniform(SYMBOL, positions, cells)
    every = joined([crystals, mixed_structures(FRAMES, seed=2)])
    frames = label_frames(EamPotential.from_file(table, SYMBOL), every)
    settings = Training(steps=TRAINING_STEPS)
    with tempfile.TemporaryDirectory() as folder:
        restart = Restart(Path(folder) / "restart", "", math.inf)
        return train(frames, settings, 1, restart=restart)[0]


def main() -> None:
    """Run the benchmark and write its JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--model", type=Path, help="a model of Ni; a small one is trained if none")
    parser.add_argument("--table", type=Path, help="the Ni-Nb table; fetched if not given")
    parser.add_argument("--cells", type=int, default=200, help="FCC crystals of 32 atoms")
    parser.add_argument("--peers", type=int, default=20, help="of them, those that ASE relaxes")
    parser.add_argument("--mixed", type=int, default=1000, help="structures of 2 to 108 atoms")
    parser.add_argument("--mixed-peers", type=int, default=60, help="of them, for ASE")
    parser.add_argument(
        "--torch-sim", type=Path, help="compare with it too, in this environment; made if not there"
    )
    parser.add_argument("--fmax", type=float, default=0.01, help="eV/A")
    arguments = parser.parse_args()
    limit_threads(1)
    if arguments.model is not None:
        ensemble = load_ensemble(arguments.model, elements=(SYMBOL,))
    else:
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder) / "table.eam.fs"
            source = str(arguments.table) if arguments.table else None
            fetch_table("Ni-Nb", table, file=source, sha256=None)
            ensemble = small_ensemble(table)
    content: dict[str, object] = {"machine": machine(PACKAGES)}
    cases = {
        "fixed_cell": (perturbed_cells(arguments.cells, strain=0.0), False, arguments.peers),
        "variable_cell": (perturbed_cells(arguments.cells, strain=STRAIN), True, arguments.peers),
        "mixed": (mixed_structures(arguments.mixed), True, arguments.mixed_peers),
    }
    for name, (made, relax_cell, peers) in cases.items():
        found = time_relaxation(ensemble, made, arguments.fmax, relax_cell=relax_cell, peers=peers)
        content[name] = found
        for field, value in found.items():
            print(f"{name}: {field} {value}", flush=True)
    if arguments.torch_sim is not None:
        sample = made.structures(sample_of_sizes(made, arguments.mixed_peers))
        periodic = sample.structures(sample.pbc.all(axis=1))
        found = time_torch_sim(ensemble, periodic, arguments.fmax, STEPS, arguments.torch_sim)
        content["torch_sim"] = found
        print(f"torch_sim: {found}")
    write_json(arguments.output, content)


if __name__ == "__main__":
    main()
