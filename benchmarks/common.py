"""What the benchmarks share: CPU time in turns, its statistics, and what the numbers depend on."""

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from potstill.data.frames import Frames
from potstill.runtime.streams import stream


def cpu_windows(
    runs: Mapping[str, Callable[[int], None]], steps: int, rounds: int
) -> dict[str, np.ndarray]:
    """Return microseconds of CPU time a step (rounds,) of every engine; they take turns."""
    for run in runs.values():
        run(steps)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.process_time()
            run(steps)
            times[name].append((time.process_time() - began) / steps * 1e6)
    return {name: np.array(windows) for name, windows in times.items()}


def summary(values: np.ndarray) -> dict[str, float]:
    """Return the least and the median of the windows."""
    return {"min": round(float(values.min()), 2), "median": round(float(np.median(values)), 2)}


def ratio(peer: np.ndarray, own: np.ndarray) -> dict[str, float]:
    """Return the ratio of the least times and that of the medians."""
    return {
        "min": round(float(peer.min() / own.min()), 3),
        "median": round(float(np.median(peer) / np.median(own)), 3),
    }


def divided(frames: Frames, train: int, held: int, seed: int = 1) -> tuple[Frames, Frames]:
    """Return frames to train on and frames held out, drawn at random; SystemExit for too few."""
    if len(frames) < train + held:
        raise SystemExit(f"{len(frames)} frames are too few for {train} + {held}")
    drawn = stream(seed, "benchmark", "held out").permutation(len(frames))
    return frames[drawn[:train]], frames[drawn[train : train + held]]


def machine(packages: Sequence[str]) -> dict[str, object]:
    """Return what the numbers depend on, without the name of the machine."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "load_average_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
    }
