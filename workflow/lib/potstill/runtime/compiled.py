"""numba's `njit` and `prange`, with one process at a time compiling into the cache.

numba's cache has no lock of its own: two jobs that start together with an empty one can give the
same file to different functions, and each compiles with what it happens to find of the other's
callees. One run's functions were not those that compiling alone gives, and its sums differed in the
last digit. So a process that has something to compile waits until no other compiles.
"""

import fcntl
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from numba import config, njit, prange
from numba.core import event

__all__ = ["njit", "prange"]

# Longer than all compiling takes; who has the lock by then was suspended.
WAIT_S = 300.0


class _OneProcess(event.Listener):
    """Hold a lock of the cache's folder while this process compiles a function and its callees.

    Where there is no lock to be had (a folder that is not ours to write into, a process that was
    suspended with the lock), it compiles without. numba lets one thread compile at a time.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.file: TextIO | None = None

    def on_start(self, _: event.Event) -> None:
        self.depth += 1
        if self.depth == 1 and config.CACHE_DIR:
            with suppress(OSError):
                folder = Path(config.CACHE_DIR)
                folder.mkdir(parents=True, exist_ok=True)
                self.file = (folder / "lock").open("w")
                _lock(self.file)

    def on_end(self, _: event.Event) -> None:
        self.depth -= 1
        if self.depth == 0 and self.file:
            self.file.close()
            self.file = None


def _lock(file: TextIO) -> None:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.02)


event.register("numba:compile", _OneProcess())
