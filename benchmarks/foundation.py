"""Models of the first frames of the foundational set, against models of frames drawn at random.

For a metal with an EAM table. The frames are labelled by the table. The first ones of the set train
an ensemble (`first`), and so do as many drawn at random from all that the set was chosen among:
frames of the walk, for bcc their stretched forms, and as many strained crystals (`random`), or none
of these (`walk`). Tested on frames that none of them has, of the walk, stretched and strained, on
frames of other walks, scaled to the metal, and on relaxed crystals. Writes one JSON file, with a
row for each model. See docs/notes/foundational-frames.md.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from ase.calculators.calculator import Calculator
from common import machine

from potstill.data.frames import Frames, read_frames
from potstill.data.structures import Indices, Structures, atomic_number
from potstill.foundation.frame_orders import FoundationalSet, first_frames, read_set
from potstill.foundation.make_set import CHOICES, EACH, EVERY, FORMS, SEED
from potstill.foundation.metal_crystal import MetalCrystal, metal_crystal
from potstill.foundation.strained_crystals import strained_crystals
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.potentials.eam import EamPotential, label_frames
from potstill.potentials.eam_calculator import EAM
from potstill.relaxation.crystals import build_crystals
from potstill.relaxation.relax import Relaxed, relax
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.runtime.restart import restart_file
from potstill.runtime.streams import stream
from potstill.settings import Training
from potstill.training.learn_trust import learn_trust
from potstill.training.loop import split, train
from potstill.translation.scaling import crystal_rows

PACKAGES = ("potstill", "torch", "numba", "numpy")
TESTED = 300
# how frames are chosen
HOWS = ("first", "random", "walk")


class Metal:
    """A metal with its table: what its crystals are, and frames of others scaled to it."""

    def __init__(self, table: Path, symbol: str) -> None:
        self.potential = EamPotential.from_file(table, symbol)
        self.symbol = symbol
        guess = metal_crystal(symbol)
        self.crystals = relaxed(EAM(self.potential), symbol, guess.volume_A3)
        own = self.crystals[guess.structure.upper()]
        factor = (own.volume_A3_per_atom / guess.volume_A3) ** (1 / 3)
        self.crystal = metal_crystal(
            symbol, guess.structure, guess.lattice_constant_A * factor, guess.c_over_a
        )

    def labelled(self, frames: Structures) -> Frames:
        """Return structures of it with their labels."""
        return label_frames(self.potential, frames)

    def scaled(self, frames: Structures, crystal: MetalCrystal, forms: Sequence[str]) -> Frames:
        """Return labelled frames of another metal, of this crystal, with lengths of its own."""
        unit = (self.crystal.volume_A3 / crystal.volume_A3) ** (1 / 3)
        stretch = unit * np.array([FORMS[form] for form in forms])
        return self.labelled(
            Structures(
                frames.start,
                np.full_like(frames.species, atomic_number(self.symbol)),
                frames.positions * np.repeat(stretch, frames.sizes, axis=0),
                frames.cell * stretch[:, None],
                frames.pbc,
            )
        )

    def crystal_errors(self, model: Ensemble) -> dict[str, Any]:
        """Return errors of relaxed crystals: energy, meV/atom, and nearest distance, A."""
        volume = self.crystal.volume_A3
        return {
            name: [
                round(1e3 * (own.energy_eV_per_atom - exact.energy_eV_per_atom), 2),
                round(own.bond_length_A - exact.bond_length_A, 4),
            ]
            if own.converged
            else None
            for (name, own), exact in zip(
                relaxed(EnsembleCalculator(model), self.symbol, volume).items(),
                self.crystals.values(),
                strict=True,
            )
        }


def relaxed(calculator: Calculator, symbol: str, volume_A3: float) -> dict[str, Relaxed]:
    """Return FCC, BCC and HCP, relaxed."""
    crystals = build_crystals(symbol, volume_A3)[:3]
    return {crystal.structure: relax(crystal, calculator) for crystal in crystals}


def trained(frames: Frames, settings: Training, seed: int) -> Ensemble:
    """Return the ensemble that `potstill train` makes of frames."""
    descriptor = settings.descriptor.of_elements(frames.elements)
    settings = settings.model_copy(update={"descriptor": descriptor})
    with tempfile.TemporaryDirectory() as folder, restart_file(Path(folder) / "model", "") as kept:
        return train(frames, settings, seed, restart=kept)[0]


def knowing(frames: Frames, training: Training, seed: int) -> Ensemble:
    """Return a model of frames that knows what it was trained on, as `potstill train` makes it."""
    return learn_trust(trained(frames, training, seed), frames, split(len(frames), training, seed))


def errors_on(model: Ensemble, frames: Frames) -> dict[str, float]:
    """Return mean errors, and the mean of the largest 1% of those of energies."""
    found = model.predict(frames, forces=True)
    error = np.sort(1e3 * np.abs(found.energy - frames.energy) / frames.sizes)
    worst = error[-max(1, round(0.01 * len(error))) :]
    return {
        "mae_meV_per_atom": round(float(error.mean()), 3),
        "worst_percent_meV_per_atom": round(float(worst.mean()), 3),
        "force_mae_meV_per_A": round(float(1e3 * np.abs(found.forces - frames.forces).mean()), 2),
    }


class Walk:
    """The walk that the set was chosen from: which of its frames test, and which are left."""

    def __init__(self, path: Path, given: FoundationalSet) -> None:
        self.frames = read_frames(path)
        attributes = given.attributes
        self.crystal = metal_crystal(self.frames.symbol, "fcc", attributes["lattice_constant_A"])
        self.crystals = crystal_rows(self.frames, share=1)
        drawn = stream(1, "benchmark", "foundation").permutation(len(self.frames))
        drawn = drawn[~np.isin(drawn, attributes["row_in_walk"])]
        self.tests, self.left = np.split(drawn, [2 * TESTED])

    def pool(self, rows: Indices, forms: Iterable[str]) -> list[tuple[int, str]]:
        """Return each of the rows in each form that it can have: stretched ones are crystals."""
        crystals = set(self.crystals.tolist())
        return [
            (row, form)
            for form in forms
            for row in rows.tolist()
            if form == "walk" or row in crystals
        ]

    def frames_of(self, metal: Metal, chosen: list[tuple[int, str]]) -> Frames:
        """Return frames in these forms, scaled to a metal."""
        rows, forms = zip(*chosen, strict=True)
        return metal.scaled(self.frames.structures(list(rows)), self.crystal, forms)

    def tests_of(self, metal: Metal) -> dict[str, Frames]:
        """Return frames to test on of each form."""
        tests = {
            form: self.frames_of(metal, self.pool(self.tests, [form])[:TESTED])
            for form in ("walk", "stretched")
        }
        return tests | {"strained": strained(metal, TESTED // 3, seed=SEED + 1)}

    def random(self, metal: Metal, count: int, seed: int, *, share: bool) -> Frames:
        """Return frames drawn at random among all that the set for the metal was chosen from.

        share: with as many strained crystals as the set has among the first `count`.
        """
        pool = self.pool(self.left, CHOICES[metal.crystal.structure])
        random = stream(seed, "benchmark", "random")
        others = count // EVERY if share else 0
        drawn = random.choice(len(pool), count - others, replace=False)
        frames = self.frames_of(metal, [pool[k] for k in drawn])
        if not others:
            return frames
        crystals = strained(metal, EACH, seed=SEED)
        return frames.joined(crystals[random.choice(len(crystals), others, replace=False)])


def strained(metal: Metal, each: int, seed: int) -> Frames:
    """Return labelled strained crystals of a metal, so many of FCC, BCC and HCP each."""
    found = strained_crystals(each, seed)
    cell = metal.crystal.volume_A3 ** (1 / 3) * found.cell
    return metal.labelled(Frames.uniform(metal.symbol, found.fractional @ cell, cell))


def main() -> None:
    """Run the trainings and write the JSON file, anew after each of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("walk", type=Path, help="the walk that the set was made of")
    parser.add_argument("table", type=Path, help="EAM table of the metal")
    parser.add_argument("symbol")
    parser.add_argument(
        "--test", nargs=2, action="append", default=[], help="frames of a metal, and its constant"
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[34, 64, 135, 300])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=Training().steps)
    arguments = parser.parse_args()
    limit_threads(1)
    given, metal = read_set(), Metal(arguments.table, arguments.symbol)
    walk = Walk(arguments.walk, given)
    tests = walk.tests_of(metal)
    for file, constant in arguments.test:
        other = read_frames(file)
        crystal = metal_crystal(other.symbol, None, float(constant))
        some = other.spread(min(len(other), TESTED))
        tests[f"{other.symbol} {other.atoms}"] = metal.scaled(some, crystal, ["walk"] * len(some))
    content = {
        "machine": machine(PACKAGES),
        "table": arguments.table.name,
        "metal": str(metal.crystal),
        "steps": arguments.steps,
        "tests": {name: len(frames) for name, frames in tests.items()},
    }
    rows: list[dict[str, Any]] = []
    for seed, count, how in product(arguments.seeds, arguments.counts, HOWS):
        frames = (
            metal.labelled(first_frames(metal.crystal, count, given).frames)
            if how == "first"
            else walk.random(metal, count, seed, share=how == "random")
        )
        began = time.process_time()
        model = trained(frames, Training(steps=arguments.steps), seed)
        row = {"frames": count, "how": how, "seed": seed}
        row["seconds"] = round(time.process_time() - began, 1)
        row["errors"] = {name: errors_on(model, test) for name, test in tests.items()}
        row["crystals"] = metal.crystal_errors(model)
        print(row, flush=True)
        rows.append(row)
        write_json(arguments.output, content | {"models": rows})


if __name__ == "__main__":
    main()
