"""What a training on large cells takes: 256 Be atoms and one W, displaced, with random labels.

Prints the size that all derivatives would have, the seconds of preparing, the memory at most, and
the CPU time of a step. See docs/notes/public-dft.md.

python benchmarks/large_cells.py 1000 --training wide.yaml
"""

import argparse
import os
import resource
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import yaml
from ase.build import bulk

from potstill.data.frames import Frames
from potstill.data.structures import Structures
from potstill.descriptors.symmetry_functions import pairs_bytes
from potstill.runtime.device import limit_threads
from potstill.runtime.streams import stream
from potstill.settings import Training
from potstill.training.loop import Trainer
from potstill.training.prepare import prepare

STEPS = 20


def made(count: int) -> Frames:
    """Return frames of a crystal with an interstitial, displaced by 0.08 A."""
    random = stream(1, "benchmark", "large cells")
    crystal = bulk("Be", "hcp", a=2.29, c=3.58).repeat((8, 4, 4))
    crystal.append("W")
    crystal.positions[-1] = crystal.positions[100] + (1.1, 0.4, 0.9)
    images = [crystal.copy() for _ in range(count)]
    for image in images:
        image.positions += 0.08 * random.normal(size=image.positions.shape)
    energy = random.normal(size=count) - 3.0 * len(crystal)
    forces = random.normal(size=(count * len(crystal), 3))
    return Frames(**vars(Structures.of_atoms(images)), energy=energy, forces=forces)


def peak_GiB() -> float:
    """Return the most memory that this process has taken."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Prepare a training, make some steps, and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("frames", type=int, help="number of frames")
    parser.add_argument("--training", type=Path, help="YAML file of training settings")
    given = parser.parse_args()
    limit_threads(1)
    frames = made(given.frames)
    settings = Training.model_validate(
        yaml.safe_load(given.training.read_text()) if given.training else {}
    )
    size = pairs_bytes(frames, settings.descriptor, frames.elements, np.float32)
    print(f"derivatives: {size / 2**30:.1f} GiB")
    began = time.monotonic()
    data = prepare(frames, settings, "cpu")
    print(f"prepared in {time.monotonic() - began:.0f} s, {peak_GiB():.1f} GiB at most")
    trainer = Trainer(data, settings, 1)
    trainer.step()
    began = time.process_time()
    for _ in range(STEPS):
        trainer.step()
    seconds = (time.process_time() - began) / STEPS
    print(f"{1e3 * seconds:.0f} ms of CPU time a step, {peak_GiB():.1f} GiB at most")


if __name__ == "__main__":
    main()
