"""Time `relax_batch` against a loop of ASE's optimisers over the same ensemble.

One process and one thread, CPU time. The peer is the fastest of ASE's BFGS, LBFGS and FIRE on the
same cells at the same fmax, with potstill's own calculator; with a variable cell under ASE's
UnitCellFilter, whose force and cell components `relax_batch` converges as well.
"""

import argparse
import math
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import ase.build
import numpy as np
from ase.filters import UnitCellFilter
from ase.optimize import BFGS, FIRE, LBFGS
from common import machine
from numpy.typing import NDArray

from potstill.data.structures import Structures
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

Floats = NDArray[np.float64]
SYMBOL, LATTICE_CONSTANT_A = "Ni", 3.51623
PACKAGES = ("potstill", "torch", "ase", "numba", "numpy")
OPTIMISERS = {"BFGS": BFGS, "LBFGS": LBFGS, "FIRE": FIRE}
STEPS = 500
# Of the cells: standard deviations of the positions, A, and of the components of the strain.
NOISE_A, STRAIN = 0.1, 0.02
# Of the frames that a small ensemble is trained on: up to this, so that the cells are inside.
FRAMES, LARGEST_NOISE_A, TRAINING_STEPS = 300, 0.2, 2000


def perturbed_cells(count: int, *, strain: float, seed: int = 1) -> tuple[Floats, Floats]:
    """Return positions (F, 32, 3) and cells (F, 3, 3), A, of perturbed FCC nickel."""
    random = stream(seed, "benchmark", "cells")
    crystal = ase.build.bulk(SYMBOL, cubic=True, a=LATTICE_CONSTANT_A).repeat(2)
    deformation = np.eye(3) + strain * random.normal(size=(count, 3, 3))
    positions = crystal.positions @ deformation
    noise = NOISE_A * random.normal(size=positions.shape)
    return positions + noise, np.asarray(crystal.cell) @ deformation


def time_relaxation(
    ensemble: Ensemble,
    cells: tuple[Floats, Floats],
    fmax: float,
    *,
    relax_cell: bool = False,
    peers: int,
) -> dict[str, Any]:
    """Return times of relaxing cells (positions (F, N, 3) and cell (F, 3, 3), A), and a check.

    peers: the first so many cells are given to ASE, whose times are scaled to all of them.
    potstill_seconds: of all cells; ase_seconds: of all cells, by optimiser; ratio: of the
    fastest of ASE's to potstill; potstill_steps, ase_steps: means; ..._converged: shares;
    check_eV_per_atom: the largest difference of energies between potstill and that optimiser.
    """
    limit_threads(1)
    positions, cell = cells
    options: dict[str, Any] = {"fmax": fmax, "steps": STEPS, "relax_cell": relax_cell}
    made = Structures.uniform(SYMBOL, positions, cell)
    relax_batch(ensemble, made.structures(slice(2)), **options)  # compiles
    began = time.process_time()
    relaxed = relax_batch(ensemble, made, **options)
    seconds = time.process_time() - began
    loops = {
        name: _ase_loop(ensemble, made.structures(slice(peers)), fmax, optimiser, relax_cell)
        for name, optimiser in OPTIMISERS.items()
    }
    scale = len(cell) / peers
    fastest = min(loops, key=lambda name: loops[name]["seconds"])
    difference = relaxed.energy[:peers] - loops[fastest]["energies"]
    return {
        "cells": len(cell),
        "cells_of_ase": peers,
        "atoms": positions.shape[1],
        "fmax_eV_per_A": fmax,
        "relax_cell": relax_cell,
        "potstill_seconds": round(seconds, 3),
        "ase_seconds": {name: round(scale * loop["seconds"], 3) for name, loop in loops.items()},
        "fastest_of_ase": fastest,
        "ratio": round(scale * loops[fastest]["seconds"] / seconds, 2),
        "potstill_steps": float(relaxed.steps.mean()),
        "ase_steps": {name: float(loop["steps"].mean()) for name, loop in loops.items()},
        "potstill_converged": float(relaxed.converged.mean()),
        "ase_converged": {name: float(loop["converged"].mean()) for name, loop in loops.items()},
        "check_eV_per_atom": float(np.abs(difference).max() / positions.shape[1]),
    }


def _ase_loop(
    ensemble: Ensemble, made: Structures, fmax: float, optimiser: Any, relax_cell: bool
) -> dict[str, Any]:
    """Return CPU seconds, steps, energies and what converged of one ASE optimiser."""
    calculator = EnsembleCalculator(ensemble)
    steps, energies, converged = [], [], []
    began = time.process_time()
    for k in range(len(made)):
        atoms = made.image(k)
        atoms.calc = calculator
        run = optimiser(UnitCellFilter(atoms) if relax_cell else atoms, logfile=None)
        converged.append(run.run(fmax=fmax, steps=STEPS))
        steps.append(run.nsteps)
        energies.append(atoms.get_potential_energy())
    return {
        "seconds": time.process_time() - began,
        "steps": np.array(steps),
        "energies": np.array(energies),
        "converged": np.array(converged),
    }


def small_ensemble(table: Path) -> Ensemble:
    """Return an ensemble of the default shape, trained on displaced and strained crystals."""
    random = stream(1, "benchmark", "frames")
    crystal = ase.build.bulk(SYMBOL, cubic=True, a=LATTICE_CONSTANT_A).repeat(2)
    deformation = np.eye(3) + STRAIN * random.normal(size=(FRAMES, 3, 3))
    positions = crystal.positions @ deformation
    noise = random.uniform(0, LARGEST_NOISE_A, (FRAMES, 1, 1))
    positions += noise * random.normal(size=positions.shape)
    potential = EamPotential.from_file(table, SYMBOL)
    cells = np.asarray(crystal.cell) @ deformation
    frames = label_frames(potential, Structures.uniform(SYMBOL, positions, cells))
    settings = Training(steps=TRAINING_STEPS)
    with tempfile.TemporaryDirectory() as folder:
        return train(frames, settings, 1, restart=Restart(Path(folder) / "restart", "", math.inf))[
            0
        ]


def main() -> None:
    """Run the benchmark and write its JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--model", type=Path, help="a model of Ni; a small one is trained if none")
    parser.add_argument("--table", type=Path, help="the Ni-Nb table; fetched if not given")
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--peers", type=int, default=20, help="cells that ASE relaxes")
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
    for name, relax_cell in (("fixed_cell", False), ("variable_cell", True)):
        cells = perturbed_cells(arguments.cells, strain=STRAIN if relax_cell else 0.0)
        found = time_relaxation(
            ensemble, cells, arguments.fmax, relax_cell=relax_cell, peers=arguments.peers
        )
        content[name] = found
        for field, value in found.items():
            print(f"{name}: {field} {value}")
    write_json(arguments.output, content)


if __name__ == "__main__":
    main()
