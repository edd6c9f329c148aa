"""Train on random frames of a set, and tell the errors on its other frames and on other sets.

Trains and evaluates as the workflow does, and writes one JSON file: for each number of frames and
each seed (of the frames, the members' splits and their weights) the evaluation of every set. See
docs/training.md.
"""

import argparse
import os
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import yaml
from common import divided, machine
from pydantic import ValidationError

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.descriptors.feature_file import write_features
from potstill.models.evaluation import evaluate_model
from potstill.runtime.files import read_json, write_json
from potstill.settings import Training
from potstill.training.train_model import train_model

PACKAGES = ("potstill", "torch", "numba", "numpy")
ERRORS = ("mae_meV_per_atom", "worst_percent_meV_per_atom", "force_mae_meV_per_A")


def measure(
    train: Frames, tests: dict[str, Frames], settings: Training, seed: int, folder: Path
) -> dict[str, Any]:
    """Train and evaluate in `folder`; return CPU seconds of the training and the evaluations.

    The model is `folder`/ensemble.pt, the evaluation of a set `folder`/on-<set>.h5 and .json.
    """
    where = {"seed": seed, "device": "cpu", "threads": 1}
    model, file = folder / "ensemble.pt", folder / "frames.h5"
    write_frames(file, train)
    began = time.process_time()
    train_model(
        file,
        count=None,
        settings=settings,
        model=model,
        history=folder / "history.csv",
        summary=folder / "summary.json",
        **where,
    )
    seconds = time.process_time() - began
    found = {}
    for name, frames in tests.items():
        write_frames(file, frames)
        features, summary = folder / "features.h5", folder / f"on-{name}.json"
        write_features(file, settings.descriptor, threads=1, output=features)
        output = folder / f"on-{name}.h5"
        evaluate_model(model, file, features, output=output, summary=summary, **where)
        found[name] = read_json(summary)
        features.unlink()
    file.unlink()
    return {
        "frames": len(train),
        "seed": seed,
        "seconds": round(seconds, 1),
        "evaluations": found,
    }


def medians(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the median, least and largest of each error over the seeds, by frames and set."""
    rows = []
    for count in dict.fromkeys(run["frames"] for run in runs):
        chosen = [run["evaluations"] for run in runs if run["frames"] == count]
        for name in chosen[0]:
            row = {"frames": count, "set": name}
            for error in ERRORS:
                values = [found[name][error] for found in chosen]
                row[error] = [round(float(f(values)), 3) for f in (np.median, min, max)]
            rows.append(row)
    return rows


def training_settings(text: str) -> Training:
    """Return the settings that a YAML text describes; argparse tells what is wrong with them."""
    try:
        return Training.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main() -> None:
    """Run the trainings and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("frames", type=Path, help="the set to train on")
    parser.add_argument("others", type=Path, nargs="*", help="sets to evaluate on as well")
    parser.add_argument("--train", type=int, nargs="+", default=[1000, 200], help="frames")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--keep", type=Path, help="folder for models and evaluations; none if not given"
    )
    parser.add_argument("--test", type=int, help="frames of each set to evaluate; all if not given")
    parser.add_argument(
        "--settings",
        type=training_settings,
        default=Training(),
        help="settings of training that are not the defaults, as '{steps: 20000}'",
    )
    arguments = parser.parse_args()
    source = read_frames(arguments.frames)
    others = {path.stem: read_frames(path).spread(arguments.test) for path in arguments.others}
    content: dict[str, Any] = {
        "machine": machine(PACKAGES),
        "source": arguments.frames.name,
        "settings": arguments.settings.model_dump(mode="json"),
    }
    runs = []
    with tempfile.TemporaryDirectory() as temporary:
        for count, seed in product(arguments.train, range(1, arguments.seeds + 1)):
            rest = arguments.test or max(1, len(source) - count)
            train, held = divided(source, count, rest, seed)
            folder = (arguments.keep or Path(temporary)) / f"{count}-{seed}"
            folder.mkdir(parents=True, exist_ok=True)
            runs.append(measure(train, {"rest": held} | others, arguments.settings, seed, folder))
    rows = medians(runs)
    write_json(arguments.output, content | {"errors": rows, "runs": runs})
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
