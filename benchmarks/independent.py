"""Time training to an error against MACE, a trainer with nothing in common: see docs/benchmarks.md.

CPU time of one thread, in float32, on the same frames. MACE is installed into an environment of its
own and runs as mace_peer.py there. Its schedule ends with a budget of CPU time; budgets are tried
from the least on, and the first that reaches the error counts alone. Where none does, the time is
that of the largest, and so a lower limit.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from common import divided, machine, summary
from to_error import train_to_error
from training import make_frames

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.settings import Training
from potstill.training.prepare import prepare

PEER = Path(__file__).with_name("mace_peer.py")
# torch's version, because another one may come with gigabytes for GPUs
PINNED = ("torch==2.13.0", "mace-torch==0.3.16")


def make_environment(folder: Path, packages: Sequence[str] = PINNED) -> Path:
    """Return the Python of an environment that holds packages; made if it is not there."""
    python = folder / "bin/python"
    done = folder / "installed"
    if not done.exists():
        say(f"installing {', '.join(packages)} into {folder}")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=True)
        done.touch()
    return python


def own_run(
    train: Frames, held: Frames, seed: int, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Return what potstill's training of five networks came to."""
    settings = Training(steps=arguments.steps)
    run = train_to_error(train, held, settings, seed, arguments.target, every=10)
    return {
        "seconds": round(run.seconds, 2),
        "steps": run.steps,
        "mae_meV_per_atom": round(run.energy_mae, 3),
        "force_mae_meV_per_A": round(run.force_mae, 1),
    }


def run_mace(
    environment: Path, train: Frames, held: Frames, options: Sequence[str]
) -> dict[str, Any]:
    """Return what mace_peer.py prints of a training on frames and its errors on others.

    environment: the folder that MACE is installed into, if it is not there.
    """
    python = make_environment(environment)
    with tempfile.TemporaryDirectory() as temporary:
        files = [str(Path(temporary) / name) for name in ("train.h5", "held.h5")]
        for path, frames in zip(files, (train, held), strict=True):
            write_frames(path, frames)
        run = subprocess.run(
            [str(python), str(PEER), *files, *options],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONWARNINGS": "ignore"},
        )
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def peer_run(
    train: Frames, held: Frames, seed: int, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Return what the training of one MACE came to, by the least budget that reaches the error."""
    found: dict[str, Any] = {}
    for budget in sorted(arguments.budgets):
        options = [f"--seed={seed}", f"--target={arguments.target}", f"--budget={budget}"]
        options += shlex.split(arguments.mace)
        found = {"budget": budget, **run_mace(arguments.environment, train, held, options)}
        say(f"MACE, seed {seed}: {found}")
        if found["reached"]:
            break
    return found


def compared(own: list[dict[str, Any]], peer: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the statistics over the seeds; the ratio of medians is a lower limit where MACE did
    not reach the error.
    """
    ours, theirs = (np.array([run["seconds"] for run in runs]) for runs in (own, peer))
    reached = all(run["reached"] for run in peer)
    return {
        "potstill_seconds": summary(ours) | {"max": float(ours.max())},
        "mace_seconds": summary(theirs) | {"max": float(theirs.max())},
        "mace_reached": reached,
        "ratio" if reached else "ratio_at_least": round(
            float(np.median(theirs) / np.median(ours)), 1
        ),
        "potstill": own,
        "mace": peer,
    }


def main() -> None:
    """Run the benchmark and write its JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--frames", type=Path, help="a frame file; sampled if not given")
    parser.add_argument("--environment", type=Path, default=Path("results/bench/mace"))
    parser.add_argument("--train", type=int, default=1000, help="frames to train on")
    parser.add_argument("--held-out", type=int, default=200, help="frames that tell the error")
    parser.add_argument("--target", type=float, default=1.0, help="the error, meV/atom")
    parser.add_argument("--steps", type=int, default=400, help="steps of potstill's schedule")
    parser.add_argument(
        "--budgets",
        type=float,
        nargs="+",
        default=[600],
        help="CPU seconds of a MACE training",
    )
    parser.add_argument("--seeds", type=int, default=3, help="of frames and of weights")
    parser.add_argument("--mace", default="", help="options of mace_peer.py, in one word")
    arguments = parser.parse_args()
    content: dict[str, Any] = {"machine": machine(("potstill", "torch", "numba", "numpy"))}
    limit_threads(1)
    sizes = arguments.train, arguments.held_out
    path = arguments.frames or make_frames(arguments.output.parent, None, sum(sizes))
    frames = read_frames(path)
    make_environment(arguments.environment)
    prepare(frames[:2], Training(), "cpu")  # compiles, or loads what was compiled before
    own, peer = [], []
    for seed in range(1, arguments.seeds + 1):
        parts = divided(frames, *sizes, seed=seed)
        own.append(own_run(*parts, seed, arguments))
        say(f"potstill, seed {seed}: {own[-1]}")
        peer.append(peer_run(*parts, seed, arguments))
    found = compared(own, peer)
    names = ("target", "train", "held_out", "budgets", "seeds", "mace")
    content |= {"peer": PINNED, **{name: getattr(arguments, name) for name in names}, **found}
    write_json(arguments.output, content)
    for name, value in found.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
