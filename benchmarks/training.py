"""Time training to an error, and inference, against torchani: see docs/benchmarks.md.

One process and one thread, CPU time. Training: five models on energies and forces of the same
frames. Both programs make the same steps, which is checked first on their weights, so that both
need the same number of them: potstill's training is run until the ensemble's error on held-out
frames is reached, and torchani's seconds are computed, as that number of steps times its median
seconds a step plus its preparation. That is with AdamW in both; potstill's own SOAP is run beside
it. Inference: energy, forces, stress and the sigma of each atom, from the same trained models,
which is checked too.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import yaml
from common import divided, machine
from inference import CALLS_IN_WINDOW, inference_section
from to_error import training_section

from potstill.data.frames import read_frames
from potstill.potentials.fetch import fetch_table
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.sampling.sample import sample
from potstill.settings import Training, load_settings

ROOT = Path(__file__).parents[1]
SYMBOL, ATOMS = "Ni", 32
PACKAGES = ("potstill", "torch", "torchani", "numba", "numpy")
# Of the MOMT run that makes the frames: steps of learning, and between two frames (1.2 ps).
LEARNING_STEPS, FRAME_STEPS = 600_000, 600


def make_frames(folder: Path, table: Path | None, count: int) -> Path:
    """Return the file of at least `count` frames of 32 atoms from a short run of the MOMT set."""
    config = load_settings(yaml.safe_load((ROOT / "config/config.yaml").read_text()))
    element = config.elements[SYMBOL].known(SYMBOL, "this benchmark", table=True)
    name = f"{SYMBOL}/{ATOMS}/momt"
    potential, frames = folder / "table.eam.fs", folder / "frames.h5"
    fetch_table(element.table, potential, file=str(table) if table else None, sha256=None)
    given = config.sampling[name]
    count = given.walkers * math.ceil(count / given.walkers)
    amounts = {
        "learning_steps": LEARNING_STEPS,
        "production_steps": FRAME_STEPS * count,
        "frames": count,
    }
    sample(
        given.model_copy(update=amounts),
        name=name,
        element=element,
        potential=potential,
        seed=config.seed,
        device="cpu",
        threads=1,
        frames=frames,
        summary=folder / "frames.json",
        trace=folder / "frames-trace.h5",
    )
    return frames


def compile_seconds(frames: Path) -> float:
    """Return the CPU seconds of compiling all that training needs, in a process of its own."""
    with tempfile.TemporaryDirectory() as empty:
        run = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks/first_use.py"), str(frames)],
            env=os.environ | {"NUMBA_CACHE_DIR": empty},
            check=True,
            capture_output=True,
            text=True,
        )
    return round(float(run.stdout), 1)


def arguments_of_the_command_line() -> argparse.Namespace:
    """Return the arguments; sizes are for about five minutes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--table", type=Path, help="the Ni-Nb table; fetched if not given")
    parser.add_argument("--frames", type=Path, help="a frame file; sampled if not given")
    parser.add_argument("--train", type=int, default=1000, help="frames to train on")
    parser.add_argument("--held-out", type=int, default=500, help="frames that tell the error")
    parser.add_argument("--target", type=float, default=1.0, help="the error, meV/atom")
    parser.add_argument("--steps", type=int, default=1500, help="steps of AdamW's schedule")
    parser.add_argument("--soap-steps", type=int, default=400, help="steps of SOAP's schedule")
    parser.add_argument("--every", type=int, default=10, help="steps between looks at the error")
    parser.add_argument(
        "--no-compile-time", action="store_true", help="leave it out: a minute less"
    )
    parser.add_argument("--seeds", type=int, default=3, help="trainings to the error")
    parser.add_argument("--rounds", type=int, default=20, help="windows of every program")
    arguments = parser.parse_args()
    counts = ("train", "held_out", "steps", "soap_steps", "every", "seeds", "rounds")
    if min(getattr(arguments, name) for name in counts) < 1:
        parser.error("counts must be at least 1")
    if arguments.held_out < CALLS_IN_WINDOW:
        parser.error(f"--held-out must be at least {CALLS_IN_WINDOW}")
    return arguments


def main() -> None:
    """Run the benchmark and write its JSON file."""
    arguments = arguments_of_the_command_line()
    content: dict[str, object] = {"machine": machine(PACKAGES)}
    limit_threads(1)
    sizes = arguments.train, arguments.held_out
    path = arguments.frames or make_frames(arguments.output.parent, arguments.table, sum(sizes))
    train, held = divided(read_frames(path), *sizes)
    compiling = None if arguments.no_compile_time else compile_seconds(path)
    settings = Training(steps=arguments.steps, optimiser="adamw")
    training, steps_apart, ensemble = training_section(
        train,
        held,
        settings,
        soap_steps=arguments.soap_steps,
        seeds=arguments.seeds,
        target=arguments.target,
        every=arguments.every,
        rounds=arguments.rounds,
    )
    inference, answers_apart = inference_section(ensemble, held, arguments.rounds)
    content["check"] = {"training": steps_apart, "inference": answers_apart}
    content["training"] = {
        "target_meV_per_atom": arguments.target,
        "frames": sizes[0],
        "held_out_frames": sizes[1],
        "atoms": train.atoms,
        "members": settings.members,
        "schedule_steps": settings.steps,
        "soap_schedule_steps": arguments.soap_steps,
        "seeds": arguments.seeds,
        "compile_seconds": compiling,
    } | training
    content["inference"] = inference
    write_json(arguments.output, content)
    for name, section in (("training", training), ("inference", inference)):
        for field, value in section.items():
            print(f"{name}: {field} {value}")


if __name__ == "__main__":
    main()
