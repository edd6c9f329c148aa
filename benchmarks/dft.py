"""Train on a file of DFT frames of any sizes and elements; test on another, or on a part held out.

Errors are mean absolute ones: of energies per atom, and of force components; `shift` is the mean of
the signed errors of the energies. They are told of all frames tested, by number of atoms, by
chemical system, by whether the data check doubts a frame's labels and, where frames have a value
`group`, by group, of which the part held out then has its share. Writes one JSON file. See
docs/notes/public-dft.md.

python benchmarks/dft.py results/bench/Mo.json --train train.xyz --test test.xyz
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import yaml
from common import machine
from numpy.typing import NDArray

from potstill.audit.data_check import check_data
from potstill.data.any_file import read_frames_file
from potstill.data.frames import Frames
from potstill.data.structures import frame_means
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.runtime.restart import Restart
from potstill.runtime.streams import stream
from potstill.settings import Training
from potstill.training.loop import train

PACKAGES = ("potstill", "torch", "numba", "numpy")


def read(path: Path, options: dict[str, Any]) -> tuple[Frames, NDArray[np.str_]]:
    """Return the frames of a file, and each frame's group, "" where not all have one."""
    found = read_frames_file(path, **options)
    return found.frames, np.array(found.texts.get("group", [""] * len(found.frames)))


def parted(groups: NDArray[np.str_], share: float, seed: int) -> NDArray[np.bool_]:
    """Return which frames (F,) train: this share of each group, drawn at random."""
    chosen = np.zeros(len(groups), dtype=bool)
    for group in np.unique(groups):
        rows = stream(seed, "benchmark", "part", str(group)).permutation(
            np.flatnonzero(groups == group)
        )
        chosen[rows[: round(share * len(rows))]] = True
    return chosen


def doubtful(frames: Frames, settings: Training) -> NDArray[np.bool_]:
    """Return which frames (F,) have energies that do not follow, by the data check."""
    named = np.zeros(len(frames), dtype=bool)
    named[check_data(frames, settings).get("unexplained_energies", [])] = True
    return named


def tested(
    model: Any, frames: Frames, groups: NDArray[np.str_], doubted: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return the errors on frames: of all, and by what they are."""
    found = model.predict(frames, forces=True)
    energy = 1e3 * (found.energy - frames.need("energy", "a test")) / frames.sizes
    assert found.forces is not None
    component = np.abs(found.forces - frames.need("forces", "a test"))
    force = 1e3 * frame_means(component.mean(axis=1), frames.sizes)

    def told(here: NDArray[np.bool_]) -> dict[str, float]:
        return {
            "frames": int(here.sum()),
            "energy_meV_per_atom": round(float(np.abs(energy[here]).mean()), 3),
            "shift_meV_per_atom": round(float(energy[here].mean()), 3),
            "force_meV_per_A": round(float(np.average(force[here], weights=frames.sizes[here])), 2),
        }

    result: dict[str, Any] = {"all": told(np.ones(len(frames), dtype=bool))}
    words, which = frames.systems()
    parts = {"atoms": frames.sizes.astype(str), "system": np.array(words)[which], "group": groups}
    parts["check"] = np.where(doubted, "doubtful", "others")
    for name, words in parts.items():
        if len(np.unique(words)) > 1:
            result[f"by_{name}"] = {str(word): told(words == word) for word in np.unique(words)}
    return result


def main() -> None:
    """Run the trainings that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="JSON file to write")
    parser.add_argument("--train", type=Path, required=True, help="frames to train on")
    parser.add_argument(
        "--test", type=Path, help="frames to test on; without, a part of the others"
    )
    parser.add_argument("--share", type=float, default=0.8, help="of each group, without --test")
    parser.add_argument("--count", type=int, help="train on this many, drawn at random")
    parser.add_argument(
        "--checked", action="store_true", help="train without what the data check doubts"
    )
    parser.add_argument("--seeds", type=int, default=1, help="trainings (1)")
    parser.add_argument("--training", type=Path, help="YAML file of training settings")
    parser.add_argument("--set", type=Path, help="YAML file of keys and stress_unit of the labels")
    given = parser.parse_args()
    limit_threads(1)
    settings, options = (
        yaml.safe_load(path.read_text()) if path else {} for path in (given.training, given.set)
    )
    frames, groups = read(given.train, options)
    training = Training.model_validate(settings)
    descriptor = training.descriptor.of_elements(frames.elements)
    training = training.model_copy(update={"descriptor": descriptor})
    doubted, runs = doubtful(frames, training), []
    for seed in range(1, given.seeds + 1):
        if given.test:
            part, left = frames, doubted
            others, of_others = read(given.test, options)
            unsure = doubtful(others, training)
        else:
            chosen = parted(groups, given.share, seed)
            part, others, of_others = frames[chosen], frames[~chosen], groups[~chosen]
            left, unsure = doubted[chosen], doubted[~chosen]
        if given.checked:
            part = part[~left]
        if given.count:
            drawn = stream(seed, "benchmark", "count").permutation(len(part))[: given.count]
            part = part[np.sort(drawn)]
        began = time.process_time()
        restart = Restart(given.output.with_suffix(".restart"), "", float("inf"))
        model, _ = train(part, training, seed, restart=restart)
        seconds = time.process_time() - began
        run = {"seed": seed, "frames": len(part), "cpu_seconds": round(seconds, 1)}
        runs.append(run | {"test": tested(model, others, of_others, unsure)})
        print(runs[-1], flush=True)
    write_json(
        given.output,
        {
            "machine": machine(PACKAGES),
            "training": training.model_dump(mode="json"),
            "set": options,
            "runs": runs,
        },
    )


if __name__ == "__main__":
    main()
