"""One process at a time compiles, and says so.

numba's cache has no lock of its own: two jobs that start together with an empty one can give the
same file to different functions, and each compiles with what it happens to find of the other's
callees. One run's functions were not those that compiling alone gives, and its sums differed in the
last digit. So a process that has something to compile waits until no other compiles. It says so
once when that takes a while.
"""

import fcntl
import time
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import TextIO

from potstill.runtime.progress import say

# Compiling that takes longer than this is told.
TOLD_AFTER_S = 1.0

# Longer than all compiling takes; who has the lock by then was suspended.
WAIT_S = 300.0


class _CompileLock:
    """The lock between processes: taken for a function, let go after the outermost that needs it.

    Where there is no lock to be had (a folder that is not ours to write into, a process that was
    suspended with the lock), the process compiles without. To be used under numba's own lock, which
    lets one thread of a process compile at a time.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.taken = False
        self.file: TextIO | None = None
        self.told = False
        self.timer: Timer | None = None

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1
        if self.depth == 0:
            self._let_go()

    def take(self, path: Path) -> bool:
        """Wait for the lock in the file `path`; return whether it was another's turn until now.

        That is False where this process has had its turn since before.
        """
        if self.taken:
            return False
        self.taken = True
        if not self.told:
            self.timer = Timer(TOLD_AFTER_S, self._tell)
            self.timer.daemon = True
            self.timer.start()
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = path.open("w")
            _wait(self.file)
        return True

    def _let_go(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None
        if self.file:
            self.file.close()
            self.file = None
        self.taken = False

    def _tell(self) -> None:
        """Say once in a process that it compiles."""
        if not self.told:
            self.told = True
            say("compiling, which may take a minute; what is compiled is kept for the next time")


def _wait(file: TextIO) -> None:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.02)


LOCK = _CompileLock()
