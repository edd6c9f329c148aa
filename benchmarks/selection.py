"""Time `potstill select` against QUESTS's minimum set cover: see docs/benchmarks.md.

Both choose the same number of frames from the same extended XYZ file, drawn from the pool; the
command from the whole pool as well. QUESTS is installed into an environment of its own and runs as
quests_peer.py there. Ensembles are then trained on each choice, and on frames drawn at random from
the same file, and tested on other frames of the pool.
"""

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import machine
from independent import make_environment
from training import make_frames

from potstill.data.any_file import read_frames_file
from potstill.data.formats import frames_to_extxyz
from potstill.data.frames import Frames, read_frames
from potstill.data.structures import Indices
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.runtime.restart import Restart
from potstill.runtime.streams import stream
from potstill.settings import Training
from potstill.training.loop import train

PEER = Path(__file__).with_name("quests_peer.py")
# torch's version, because another one may come with gigabytes for GPUs
PINNED = ("torch==2.13.0", "quests==2026.2.22", "ase")


def run_with(words: list[str], threads: int) -> str:
    """Run a program with so many threads; return what it prints."""
    threaded = {name: str(threads) for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")}
    return subprocess.run(
        words, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | threaded
    ).stdout


def select(pool: Path, count: int, threads: int) -> tuple[Indices, dict[str, float]]:
    """Return the frames that the command chooses by its default strategy, and its seconds.

    CPU time and by the clock, of the whole command.
    """
    chosen = pool.with_suffix(".chosen.xyz")
    command = [sys.executable, "-c", "from potstill.command.main import main; main()", "select"]
    words = [str(pool), "-n", str(count), "-o", str(chosen), "--threads", str(threads)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run_with([*command, *words], threads)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    seconds = {"cpu_seconds": round(cpu, 1), "seconds": round(wall, 1)}
    return read_frames_file(chosen).frames.columns["file_frame"].astype(np.int64), seconds


def select_by_quests(
    python: Path, pool: Path, count: int, threads: int
) -> tuple[Indices, dict[str, float]]:
    """Return the frames that QUESTS's minimum set cover chooses, and its seconds."""
    printed = run_with([str(python), str(PEER), str(pool), str(count)], threads)
    found = json.loads(printed.splitlines()[-1])
    return np.array(found["chosen"]), found["seconds"]


def errors_of(frames: Frames, held: Frames, steps: int) -> dict[str, float]:
    """Return the errors on `held` of an ensemble that is trained on `frames`."""
    with tempfile.TemporaryDirectory() as folder:
        restart = Restart(Path(folder) / "restart", "", math.inf)
        ensemble = train(frames, Training(steps=steps), 1, restart=restart)[0]
    found = ensemble.predict(held, forces=True)
    energy = 1e3 * np.abs(found.energy - held.energy) / held.sizes
    force = 1e3 * np.abs(found.forces - held.forces)
    return {
        "mae_meV_per_atom": round(float(energy.mean()), 3),
        "largest_meV_per_atom": round(float(energy.max()), 2),
        "force_mae_meV_per_A": round(float(force.mean()), 2),
        "largest_force_error_meV_per_A": round(float(force.max()), 0),
    }


def main() -> None:
    """Run the benchmark and write its JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--pool", type=Path, help="a frame file; sampled if not given")
    parser.add_argument("--frames", type=int, default=20_000, help="of the pool")
    parser.add_argument("--quests-frames", type=int, default=4000, help="of a pool for both")
    parser.add_argument("--environment", type=Path, default=Path("results/bench/quests"))
    parser.add_argument("--number", "-n", type=int, default=200, help="frames to choose")
    parser.add_argument("--held-out", type=int, default=2000, help="frames that tell errors")
    parser.add_argument("--steps", type=int, default=2000, help="steps of a training")
    parser.add_argument("--random", type=int, default=3, help="choices at random")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    limit_threads(arguments.threads)
    content: dict[str, Any] = {"machine": machine(("potstill", "torch", "numba", "numpy"))}
    python = make_environment(arguments.environment, PINNED)
    path = arguments.pool or make_frames(arguments.output.parent, None, arguments.frames)
    frames = read_frames(path)[: arguments.frames]
    count = arguments.number
    drawn = stream(1, "benchmark", "pool").permutation(len(frames))
    small, held = drawn[: arguments.quests_frames], drawn[-arguments.held_out :]
    names = ("quests_frames", "number", "steps", "threads")
    content |= {name: getattr(arguments, name) for name in names}
    content |= {"peer": PINNED, "frames": len(frames), "atoms": frames.atoms}
    choices: dict[str, Indices] = {
        f"random {k + 1}": stream(k + 1, "benchmark", "random").permutation(small)[:count]
        for k in range(arguments.random)
    }
    seconds: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder) / "whole.xyz", Path(folder) / "part.xyz"
        frames_to_extxyz(whole, frames)
        frames_to_extxyz(part, frames[small])
        select(part, 2, arguments.threads)  # compiles
        for name, pool, run in (
            ("potstill, all frames", whole, select),
            ("potstill", part, select),
            ("QUESTS", part, partial(select_by_quests, python)),
        ):
            chosen, seconds[name] = run(pool, count, arguments.threads)
            say(f"{name}: {seconds[name]}")
            choices[name] = np.arange(len(frames))[chosen] if pool == whole else small[chosen]
    nobody_chose = np.setdiff1d(held, np.concatenate(list(choices.values())))
    errors = {}
    for name, chosen in choices.items():
        errors[name] = errors_of(frames[chosen], frames[nobody_chose], arguments.steps)
        say(f"{name}: {errors[name]}")
    content |= {"held_out": len(nobody_chose), "seconds": seconds, "errors": errors}
    write_json(arguments.output, content)


if __name__ == "__main__":
    main()
