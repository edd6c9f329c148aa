"""Choose frames of a file by QUESTS's minimum set cover, with its defaults.

Runs in an environment of its own, without potstill: see selection.py. Prints their numbers as JSON.
"""

import json
import sys

import ase.io
from quests.compression.compress import DatasetCompressor


def main(pool: str, count: int) -> None:
    """Print which frames of the file were chosen, in the order of their choice."""
    compressor = DatasetCompressor(ase.io.read(pool, ":"))
    print(json.dumps([int(row) for row in compressor.get_indices("msc", count)]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
