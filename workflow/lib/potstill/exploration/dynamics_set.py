"""A set of a configuration that is made of dynamics driven by a model."""

from pathlib import Path

import numpy as np

from potstill.data.frames import Frames, write_frames
from potstill.errors import PotstillError
from potstill.exploration.model_dynamics import run_model
from potstill.foundation.metal_crystal import crystal_of
from potstill.models.doubts import need_trust
from potstill.models.model_file import load_ensemble
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.runtime.streams import stream
from potstill.settings import ElementGiven, ModelDynamics


def write_dynamics_set(
    model: Path,
    *,
    name: str,
    symbol: str,
    settings: ModelDynamics,
    element: ElementGiven,
    seed: int,
    threads: int,
    frames: Path,
    summary: Path,
) -> None:
    """Run the dynamics of the set called `name`, and write their frames, without labels.

    The frames of all runs one after another, with the column `temperature_K`; summary (JSON): of
    each run how many frames it gave, and why it stopped early. Raises PotstillError where no run
    gave any.
    """
    limit_threads(threads)
    ensemble = load_ensemble(model)
    need_trust(ensemble, model)
    crystal = crystal_of(symbol, element)
    images, kelvins, told = [], [], []
    for number, run in enumerate(settings.runs):
        label = f"{name}, {run.start} at {run.temperature_K:g} K"
        random = stream(seed, "exploration", name, number)
        course = run_model(ensemble, crystal, settings, run, settings.frames_of_run, random, label)
        images += course.frames
        kelvins += [run.temperature_K] * len(course.frames)
        told.append(run.model_dump() | {"frames": len(course.frames), "stopped": course.stopped})
        if course.stopped:
            say(f"{label}: {len(course.frames)} frames, then not to be trusted, {course.stopped}")
    if not images:
        raise PotstillError(
            f"sampling.{name}: the model cannot be believed in any run ({told[0]['stopped']}); "
            "train it on more frames, or run it colder"
        )
    found = Frames.of_atoms(images)
    found.columns["temperature_K"] = np.array(kelvins)
    write_frames(frames, found)
    write_json(summary, {"runs": told})
    say(f"{name}: {len(images)} frames of {len(settings.runs)} runs")
