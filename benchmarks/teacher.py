"""A fast model distilled from a slow one: student, teacher and DFT, each against the others.

The teacher, any ASE calculator, labels the first frames of the foundational set, scaled to its own
crystal, and these train the student. Both are then compared with each other and with DFT labels in
a file, and so are their crystals, elastic constants and vacancy. Zeros of energy differ between a
teacher and DFT, so that energies are compared around their mean over the frames. Last, the seconds
of an energy with forces. Writes one JSON file. See docs/teachers.md.

python benchmarks/teacher.py results/bench/teacher-Al.json Al 4.04 --crystal fcc \\
    --calculator sevenn.calculator.SevenNetCalculator --arguments teacher.yaml --dft walk.xyz
"""

import json
import os
import time
from itertools import combinations
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import yaml
from ase.calculators.calculator import Calculator
from common import machine
from foundation import relaxed, trained
from near_dft import labelled, metal_parser, own_crystal, properties

from potstill.data.any_file import read_frames_file
from potstill.data.frames import Frames
from potstill.foundation.frame_orders import first_frames, read_set
from potstill.foundation.metal_crystal import MetalCrystal
from potstill.foundation.strained_crystals import perfect_cell
from potstill.labels.label_source import make_calculator
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.settings import Training

PACKAGES = ("potstill", "torch", "numba", "numpy")
REPEATS = 5


def apart(one: Frames, other: Frames) -> dict[str, float]:
    """Return mean absolute differences of labels; of energies around their mean over the frames."""
    energy = 1e3 * (one.need("energy", "a test") - other.need("energy", "a test")) / one.sizes
    forces = one.need("forces", "a test") - other.need("forces", "a test")
    return {
        "energy_meV_per_atom": round(float(np.abs(energy - energy.mean()).mean()), 2),
        "force_meV_per_A": round(float(1e3 * np.abs(forces).mean()), 1),
    }


def measured(calculator: Calculator, crystal: MetalCrystal) -> dict[str, float]:
    """Return energies (meV) and volumes (A^3) of an atom of three crystals, and properties."""
    found = relaxed(calculator, crystal.symbol, crystal.volume_A3)
    own = found[crystal.structure.upper()].energy_eV_per_atom
    told = {}
    for name, one in found.items():
        told[f"{name}, meV"] = round(1e3 * (one.energy_eV_per_atom - own), 2)
        told[f"{name}, A3"] = round(one.volume_A3_per_atom, 3)
    return told | properties(crystal, calculator)


def seconds(calculator: Calculator, crystal: MetalCrystal, times: int) -> float:
    """Return the least CPU seconds of energy and forces of a cell of `times`^3 times 32 atoms."""
    atoms, found = perfect_cell(crystal).repeat(times), []
    atoms.calc = calculator
    for _ in range(REPEATS):
        atoms.rattle(0.01, rng=np.random.default_rng(len(found)))
        began = time.process_time()
        atoms.get_forces()
        found.append(time.process_time() - began)
    return round(min(found), 5)


def main() -> None:
    """Distil the teacher, compare, and write the JSON file."""
    parser = metal_parser(__doc__)
    parser.add_argument("--frames", type=int, default=64, help="frames to train on")
    parser.add_argument("--training", type=Path, help="YAML file of training settings")
    parser.add_argument("--dft", type=Path, nargs="+", required=True, help="frames with DFT labels")
    given = parser.parse_args()
    limit_threads(1)
    arguments, settings = (
        yaml.safe_load(path.read_text()) if path else {}
        for path in (given.arguments, given.training)
    )
    teacher = make_calculator(None, given.calculator, arguments)
    began = time.process_time()
    crystal = own_crystal(teacher, given.symbol, given.crystal, given.lattice_constant)
    frames = labelled(first_frames(crystal, given.frames, read_set()).frames, teacher)
    spent = {"labels": round(time.process_time() - began, 1)}
    began = time.process_time()
    model = trained(frames, Training.model_validate(settings), 1)
    spent["training"] = round(time.process_time() - began, 1)
    calculators = {"teacher": teacher, "student": EnsembleCalculator(model)}
    content: dict[str, Any] = {
        "machine": machine(PACKAGES),
        "teacher": {given.calculator: arguments},
        "training": settings,
        "frames": given.frames,
        "seconds": spent,
        "properties": {name: measured(calc, crystal) for name, calc in calculators.items()},
        "seconds_a_call": {
            name: {32 * n**3: seconds(calc, crystal, n) for n in (1, 2)}
            for name, calc in calculators.items()
        },
        "on": {},
    }
    for path in given.dft:
        said = {"DFT": read_frames_file(path).frames}
        said |= {name: labelled(said["DFT"], calc) for name, calc in calculators.items()}
        content["on"][path.name] = {
            f"{one} against {other}": apart(said[one], said[other])
            for other, one in combinations(said, 2)
        }
    write_json(given.output, content)
    print(json.dumps(content, indent=1))


if __name__ == "__main__":
    main()
