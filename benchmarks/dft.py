"""Train on a file of DFT frames of any sizes and elements; test on another, or on a part held out.

Trains on all frames or on `--counts` of them, chosen by each of `--rules`. Beside it, of metals of
one element, with the options: SNAP as published, MACE trained on the same frames, and elastic
constants and a vacancy by each model but MACE.

Errors, see dft_errors.py, are told of all frames tested, by number of atoms, by chemical system, by
whether the data check doubts a frame's labels and, where frames have a value `group`, by group, of
which the part held out then has its share. Writes one JSON file, anew after each model; models that
it holds already are not trained again. See docs/notes/public-dft.md.

python benchmarks/dft.py results/bench/Mo.json --train train.xyz --test test.xyz
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import yaml
from ase.calculators.calculator import Calculator
from choices import RULES, chosen
from common import machine
from dft_errors import Tested, doubtful, parted, read
from dft_peers import Snap, mace_errors
from foundation import trained
from near_dft import labelled, properties

from potstill.data.frames import Frames
from potstill.foundation.metal_crystal import MetalCrystal, metal_crystal
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.runtime.device import limit_threads
from potstill.runtime.files import read_json, write_json
from potstill.settings import Training

PACKAGES = ("potstill", "torch", "numba", "numpy")
# what a run is known by in the file
NAMES = ("model", "rule", "asked", "seed")
# what the table has of the errors
ERRORS = ("energy_meV_per_atom", "force_meV_per_A")


class Runs:
    """The models measured so far, by what they are, in a JSON file."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.path, self.content = path, content
        before = read_json(path) if path.exists() else {}
        kept = [name for name in content if name != "machine"]
        if before and any(before[name] != content[name] for name in kept):
            raise SystemExit(f"{path}: of other frames or settings; name another file")
        self.runs: list[dict[str, Any]] = before.get("runs", [])

    def has(self, name: dict[str, Any]) -> bool:
        """Return whether the file has a model."""
        return any(all(run.get(n) == name.get(n) for n in NAMES) for run in self.runs)

    def add(
        self, name: dict[str, Any], measure: Callable[..., dict[str, Any]], *arguments: Any
    ) -> None:
        """Measure a model, unless the file has it."""
        if self.has(name):
            return
        self.runs.append(name | measure(*arguments))
        write_json(self.path, self.content | {"runs": self.runs})
        print({k: v for k, v in self.runs[-1].items() if k != "test"}, flush=True)
        print(self.runs[-1]["test"]["all"], flush=True)

    def table(self) -> Iterator[str]:
        """Yield the lines of a table: of each model, errors of all frames over the seeds."""
        yield "| model | chosen by | frames | energy, meV/atom | forces, meV/Å | CPU time, s |"
        yield "| --- | --- | ---: | ---: | ---: | ---: |"
        names = [tuple(run.get(n) for n in NAMES[:3]) for run in self.runs]
        for name in dict.fromkeys(names):
            own = [run for run, its in zip(self.runs, names, strict=True) if its == name]
            errors = [run["test"]["all"] for run in own]
            model, rule, _ = name
            cells = [model, rule or "", str(own[0].get("frames", ""))]
            cells += [_over([e[key] for e in errors]) for key in ERRORS]
            seconds = [run["cpu_seconds"] for run in own if "cpu_seconds" in run]
            yield f"| {' | '.join([*cells, f'{np.median(seconds):.0f}' if seconds else ''])} |"


def _over(values: list[float]) -> str:
    """Return the median and the range, if there are several."""
    middle = f"{np.median(values):.3g}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.3g} to {max(values):.3g})"


def main() -> None:
    """Run the trainings that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="JSON file to write")
    parser.add_argument("--train", type=Path, required=True, help="frames to train on")
    parser.add_argument(
        "--test", type=Path, help="frames to test on; without, a part of the others"
    )
    parser.add_argument("--share", type=float, default=0.8, help="of each group, without --test")
    parser.add_argument("--counts", type=int, nargs="*", default=[], help="frames to train on")
    parser.add_argument("--rules", nargs="+", choices=RULES, default=["random"], help="of --counts")
    parser.add_argument("--not-all", action="store_true", help="train on --counts alone")
    parser.add_argument(
        "--checked", action="store_true", help="train without what the data check doubts"
    )
    parser.add_argument("--seeds", type=int, default=1, help="trainings (1)")
    parser.add_argument("--training", type=Path, help="YAML file of training settings")
    parser.add_argument("--set", type=Path, help="YAML file of keys and stress_unit of the labels")
    parser.add_argument(
        "--metal",
        nargs=3,
        metavar=("SYMBOL", "CRYSTAL", "A"),
        help="measure its properties as well",
    )
    parser.add_argument(
        "--snap", type=Path, nargs="*", default=[], help="SNAPs, each without its files' endings"
    )
    parser.add_argument(
        "--mace-seconds", type=float, nargs="*", default=[], help="CPU time of each MACE"
    )
    parser.add_argument("--mace", default="", help="options of mace_peer.py, in one word")
    parser.add_argument("--environment", type=Path, default=Path("results/bench/mace"))
    given = parser.parse_args()
    limit_threads(1)
    settings, options = (
        yaml.safe_load(path.read_text()) if path else {} for path in (given.training, given.set)
    )
    frames, groups = read(given.train, options)
    training = Training.model_validate(settings)
    training = training.model_copy(
        update={"descriptor": training.descriptor.of_elements(frames.elements)}
    )
    files = [path.name for path in (given.train, given.test) if path]
    told = {"files": files, "checked": given.checked, "set": options}
    told["training"] = training.model_dump(mode="json")
    runs = Runs(given.output, {"machine": machine(PACKAGES), **told})
    crystal = None
    if given.metal:
        symbol, structure, a = given.metal
        crystal = metal_crystal(symbol, structure, float(a))

    doubted = doubtful(frames, training)
    if given.test:
        others, of_others = read(given.test, options)
        tested = Tested(others, of_others, doubtful(others, training))
    for seed in range(1, given.seeds + 1):
        pool, left = frames, doubted
        if not given.test:
            inside = parted(groups, given.share, seed)
            pool, left = frames[inside], doubted[inside]
            tested = Tested(frames[~inside], groups[~inside], doubted[~inside])
        if given.checked:
            pool = pool[~left]
        of_all = [] if given.not_all else [("", 0)]
        for rule, count in [*product(given.rules, sorted(given.counts)), *of_all]:
            name = {"rule": rule, "asked": count, "seed": seed}
            own = {"model": "potstill", **name}
            peers = {b: {"model": f"MACE, {b:g} s", **name} for b in given.mace_seconds}
            if all(runs.has(one) for one in (own, *peers.values())):
                continue  # a choice may take a training
            part = pool[chosen(pool, rule, count, seed, training)] if rule else pool
            size = {"frames": len(part)}
            runs.add(own | size, own_run, part, training, seed, tested, crystal)
            for budget, peer in peers.items():
                where = given.environment, given.mace
                runs.add(peer | size, mace_errors, part, tested.frames, seed, budget, *where)
    for snap in given.snap:
        name = {"model": snap.name, "rule": "", "asked": 0, "seed": 0}
        runs.add(name, snap_run, snap, tested, crystal)
    print(*runs.table(), sep="\n")


def own_run(
    frames: Frames, training: Training, seed: int, tested: Tested, crystal: MetalCrystal | None
) -> dict[str, Any]:
    """Return what an ensemble trained on these frames comes to."""
    began = time.process_time()
    model = trained(frames, training, seed)
    seconds = time.process_time() - began
    told = {"cpu_seconds": round(seconds, 1)}
    told["test"] = tested.errors(model.predict(tested.frames, forces=True))
    return told | measured(crystal, EnsembleCalculator(model))


def snap_run(files: Path, tested: Tested, crystal: MetalCrystal | None) -> dict[str, Any]:
    """Return what a published SNAP comes to."""
    calculator = Snap(files, tested.frames.symbol)
    said = labelled(tested.frames, calculator)
    return {"test": tested.errors(said)} | measured(crystal, calculator)


def measured(crystal: MetalCrystal | None, calculator: Calculator) -> dict[str, Any]:
    """Return elastic constants and the vacancy, if a metal was named."""
    return {"properties": properties(crystal, calculator)} if crystal else {}


if __name__ == "__main__":
    main()
