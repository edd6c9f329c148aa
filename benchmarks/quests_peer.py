"""Choose frames of a file by QUESTS's minimum set cover, with its defaults.

Runs in an environment of its own, without potstill: see selection.py. Prints one line of JSON: the
numbers of the frames, and the seconds, CPU time and by the clock, without those of compiling.
"""

import json
import sys
import time

import ase
import ase.build
import ase.io
from quests.compression.compress import DatasetCompressor


def choose(images: list[ase.Atoms], count: int) -> list[int]:
    """Return which frames are chosen, in the order of their choice."""
    return [int(row) for row in DatasetCompressor(images).get_indices("msc", count)]


def main(pool: str, count: int) -> None:
    """Choose frames of the file, and tell which, and what it took."""
    crystals = [ase.build.bulk("Ni", cubic=True, a=a) * 2 for a in (3.5, 3.6, 3.7)]
    choose(crystals, 2)  # compiles
    began, wall = time.process_time(), time.monotonic()
    chosen = choose(ase.io.read(pool, ":"), count)
    seconds = {"cpu_seconds": time.process_time() - began, "seconds": time.monotonic() - wall}
    rounded = {name: round(value, 1) for name, value in seconds.items()}
    print(json.dumps({"chosen": chosen, "seconds": rounded}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
