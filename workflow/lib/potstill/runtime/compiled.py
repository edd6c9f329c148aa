"""numba's `njit` and `prange`, with one process at a time compiling into the cache.

What a function is compiled to depends on which of the functions that it calls are in the cache
already: two jobs that start together with an empty cache find halves of each other's, and sums can
differ in the last digit from those of one job alone. So no process compiles, or looks into the
cache, while another compiles.
"""

import fcntl
import threading
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from numba import config, njit, prange
from numba.core import event

__all__ = ["njit", "prange"]


class _OneProcess(event.Listener):
    """Hold a lock of the cache's folder while this process has numba's compiler lock.

    Where there is no lock to be had (a folder that is not ours to write into), nothing waits.
    """

    def __init__(self) -> None:
        self.threads = threading.RLock()
        self.depth = 0
        self.file: TextIO | None = None

    def on_start(self, _: event.Event) -> None:
        self.threads.acquire()
        self.depth += 1
        if self.depth == 1 and config.CACHE_DIR:
            with suppress(OSError):
                folder = Path(config.CACHE_DIR)
                folder.mkdir(parents=True, exist_ok=True)
                self.file = (folder / "lock").open("w")
                fcntl.flock(self.file, fcntl.LOCK_EX)

    def on_end(self, _: event.Event) -> None:
        self.depth -= 1
        if self.depth == 0 and self.file:
            self.file.close()
            self.file = None
        self.threads.release()


event.register("numba:compiler_lock", _OneProcess())
