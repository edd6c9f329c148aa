"""Models of the first frames of the foundational set with labels of any ASE calculator.

Beside them models of as many frames without the strained crystals, and trainings with a stress
weight and without. Tested on frames of short dynamics with the calculator itself, at 0.3, 0.6 and
0.9 of the melting temperature and of a liquid at 1.2, and on relaxed crystals, elastic constants
and a vacancy by the calculator. Writes one JSON file, with a row for each model. See
docs/notes/foundational-frames.md.

python benchmarks/near_dft.py al.json Al 4.04 933 --crystal fcc \\
    --calculator calorine.calculators.CPUNEP --arguments nep.yaml
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import yaml
from ase.calculators.calculator import Calculator
from ase.md.velocitydistribution import thermalize_momenta
from common import machine
from foundation import errors_on, relaxed, trained

from potstill.data.frames import Frames
from potstill.errors import PotstillError
from potstill.exploration.model_dynamics import langevin
from potstill.foundation.frame_orders import first_frames, read_set
from potstill.foundation.metal_crystal import MetalCrystal, metal_crystal
from potstill.foundation.strained_crystals import perfect_cell
from potstill.labels.label_one import label_one
from potstill.labels.label_source import make_calculator
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.properties import Conditions, find
from potstill.properties.metal import Metal
from potstill.relaxation.relax import Relaxed
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.runtime.streams import stream
from potstill.settings import CrystalName, Element, PropertySettings, Training

PACKAGES = ("potstill", "torch", "numba", "numpy", "calorine")
# of the melting temperature, and whether the crystal is molten first
RUNS = {"0.3": (0.3, False), "0.6": (0.6, False), "0.9": (0.9, False), "liquid": (1.2, True)}
FRAMES, APART, FIRST, MELTING = 8, 150, 600, 1000
TIMESTEP_FS = 1.5
MEASURED = PropertySettings(measure=("elastic_constants", "vacancy"), vacancy_edge_A=8)


def labelled(frames: Frames, calculator: Calculator) -> Frames:
    """Return frames with the calculator's labels."""
    found = [label_one(frames.image(k), calculator) for k in range(len(frames))]
    return replace(
        frames,
        energy=np.array([one.energy for one in found]),
        forces=np.concatenate([one.forces for one in found]),
        stress=np.array([one.stress for one in found]),
    )


def own_crystal(
    calculator: Calculator, symbol: str, structure: CrystalName, lattice_constant_A: float
) -> MetalCrystal:
    """Return a metal's crystal with the calculator's own lattice constant, from a first guess."""
    guess = metal_crystal(symbol, structure, lattice_constant_A)
    found = relaxed(calculator, symbol, guess.volume_A3)[structure.upper()]
    factor = (found.volume_A3_per_atom / guess.volume_A3) ** (1 / 3)
    return replace(guess, lattice_constant_A=lattice_constant_A * factor)


def dynamics(crystal: MetalCrystal, calculator: Calculator, melting_K: float) -> dict[str, Frames]:
    """Return labelled frames of the calculator's own dynamics at zero pressure, by run."""
    tests = {}
    for name, (share, molten) in RUNS.items():
        random = stream(1, "benchmark", "dynamics", crystal.symbol, name)
        atoms = perfect_cell(crystal)
        atoms.calc = calculator
        kelvin = share * melting_K
        thermalize_momenta(atoms, 2 * kelvin, rng=random)
        if molten:
            atoms.set_cell(atoms.cell * 1.05, scale_atoms=True)
            langevin(atoms, 2.5 * melting_K, TIMESTEP_FS, random).run(MELTING)
        run = langevin(atoms, kelvin, TIMESTEP_FS, random, pressure=0.0)
        run.run(FIRST)
        images = []
        for _ in range(FRAMES):
            run.run(APART)
            images.append(atoms.copy())
        tests[name] = labelled(Frames.of_atoms(images), calculator)
    return tests


def properties(crystal: MetalCrystal, calculator: Calculator) -> dict[str, float]:
    """Return elastic constants and the vacancy of a cubic metal, as far as they can be had."""
    if crystal.structure == "hcp":
        return {}
    element = Element(
        table=None,
        structure=crystal.structure,
        lattice_constant_A=crystal.lattice_constant_A,
    )
    metal = Metal.relaxed(crystal.symbol, element, calculator)
    found = {}
    for name in MEASURED.measure:
        try:
            values = find(name).measure(metal, Conditions(MEASURED, 1)).values
        except PotstillError:
            continue
        found |= {value.name: round(float(value.value), 3) for value in values}
    return found


def against(own: dict[str, Relaxed], exact: dict[str, Relaxed]) -> dict[str, list[float] | None]:
    """Return errors of relaxed crystals: energy, meV/atom, and volume, %."""
    return {
        name: [
            round(1e3 * (found.energy_eV_per_atom - exact[name].energy_eV_per_atom), 2),
            round(100 * (found.volume_A3_per_atom / exact[name].volume_A3_per_atom - 1), 2),
        ]
        if found.converged
        else None
        for name, found in own.items()
    }


def sets(
    crystal: MetalCrystal, calculator: Calculator, counts: list[int]
) -> Iterator[tuple[int, str, Frames]]:
    """Yield the first frames with labels, and as many without the strained crystals."""
    whole = first_frames(crystal, max(counts) * 2, read_set())
    strained = np.array([kind == "strained" for kind in whole.kinds])
    for count, (how, rows) in product(
        counts, {"first": np.arange(len(strained)), "walk": np.flatnonzero(~strained)}.items()
    ):
        yield count, how, labelled(whole.frames[rows[:count]], calculator)


def metal_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser of what is computed: the file to write, the metal, and who labels it."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("symbol")
    parser.add_argument("lattice_constant", type=float, help="a first guess, A")
    parser.add_argument("--crystal", choices=["fcc", "bcc", "hcp"], required=True)
    parser.add_argument("--calculator", required=True, help="class with its module")
    parser.add_argument("--arguments", type=Path, required=True, help="YAML file")
    return parser


def main() -> None:
    """Run the trainings and write the JSON file, anew after each of them."""
    parser = metal_parser(__doc__)
    parser.add_argument("melting", type=float, help="temperature, K")
    parser.add_argument("--counts", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--training", type=Path, help="YAML file of training settings")
    parser.add_argument("--stress-weights", type=float, nargs="+", default=[0.1])
    given = parser.parse_args()
    limit_threads(1)
    arguments = yaml.safe_load(given.arguments.read_text())
    calculator = make_calculator(None, given.calculator, arguments)
    crystal = own_crystal(calculator, given.symbol, given.crystal, given.lattice_constant)
    exact = relaxed(calculator, given.symbol, crystal.volume_A3)
    tests = dynamics(crystal, calculator, given.melting)
    settings = yaml.safe_load(given.training.read_text()) if given.training else {}
    content = {
        "machine": machine(PACKAGES),
        "metal": str(crystal),
        "training": settings,
        "reference": properties(crystal, calculator),
    }
    rows: list[dict[str, Any]] = []
    for seed, weight in product(given.seeds, given.stress_weights):
        for count, how, frames in sets(crystal, calculator, given.counts):
            began = time.process_time()
            training = Training.model_validate(settings | {"stress_weight": weight})
            model = trained(frames, training, seed)
            row: dict[str, Any] = {"frames": count, "how": how, "seed": seed}
            row |= {"stress_weight": weight, "seconds": round(time.process_time() - began, 1)}
            row["errors"] = {name: errors_on(model, test) for name, test in tests.items()}
            found = EnsembleCalculator(model)
            row["crystals"] = against(relaxed(found, given.symbol, crystal.volume_A3), exact)
            row["properties"] = properties(crystal, found)
            print(row, flush=True)
            rows.append(row)
            write_json(given.output, content | {"models": rows})


if __name__ == "__main__":
    main()
