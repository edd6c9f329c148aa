"""Print the CPU seconds that the first training of a process costs beyond the second: compilation.

Run as `python benchmarks/first_use.py FRAMES`, with NUMBA_CACHE_DIR naming an empty folder.
"""

import sys
import time

from potstill.data.frames import Frames, read_frames
from potstill.runtime.device import limit_threads
from potstill.settings import Training
from potstill.training.loop import Trainer
from potstill.training.prepare import prepare

FRAMES = 8


def use_everything(frames: Frames) -> float:
    """Return the CPU seconds of preparing, one step and one validation."""
    began = time.process_time()
    settings = Training()
    trainer = Trainer(prepare(frames, settings, "cpu"), settings, 1)
    trainer.step()
    trainer.validate()
    return time.process_time() - began


if __name__ == "__main__":
    limit_threads(1)
    frames = read_frames(sys.argv[1])[:FRAMES]
    first, second = use_everything(frames), use_everything(frames)
    print(first - second)
