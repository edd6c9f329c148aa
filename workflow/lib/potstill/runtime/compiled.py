"""numba's `njit` and `prange`, with one process at a time compiling into the cache.

numba's cache has no lock of its own: two jobs that start together with an empty one can give the
same file to different functions, and each compiles with what it happens to find of the other's
callees. One run's functions were not those that compiling alone gives, and its sums differed in the
last digit. So a process that has something to compile waits until no other compiles. It says so
once when that takes a while.

Functions that run on several threads are marked with `parallel`. numba's threads do not survive a
fork: a child that used them would wait for ever, and is told so instead.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from threading import Timer
from types import FunctionType
from typing import Any, TextIO

from numba import config, get_num_threads, njit, prange, set_num_threads
from numba.core import event

from potstill.errors import PotstillError
from potstill.runtime.progress import say

__all__ = ["njit", "prange"]

# Compiling that takes longer than this is told.
TOLD_AFTER_S = 1.0

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
        self.told = False
        self.timer: Timer | None = None

    def tell(self) -> None:
        """Say once in a process that it compiles."""
        if not self.told:
            self.told = True
            say("compiling, which may take a minute; what is compiled is kept for the next time")

    def on_start(self, _: event.Event) -> None:
        self.depth += 1
        if self.depth == 1 and not self.told:
            self.timer = Timer(TOLD_AFTER_S, self.tell)
            self.timer.daemon = True
            self.timer.start()
        if self.depth == 1 and config.CACHE_DIR:
            with suppress(OSError):
                folder = Path(config.CACHE_DIR)
                folder.mkdir(parents=True, exist_ok=True)
                self.file = (folder / "lock").open("w")
                _lock(self.file)

    def on_end(self, _: event.Event) -> None:
        self.depth -= 1
        if self.depth == 0 and self.timer:
            self.timer.cancel()
            self.timer = None
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


class _Threads:
    """Whether this process has started numba's threads, or has lost them as the child of a fork."""

    started = False
    lost = False

    @classmethod
    def start(cls) -> None:
        """Take note that they are used; PotstillError where they are lost."""
        if cls.lost:
            raise PotstillError(
                "this process was forked after threads had been used for an evaluation, and has "
                "none; start its workers with multiprocessing.get_context('spawn')"
            )
        cls.started = True

    @classmethod
    def forked(cls) -> None:
        """Take note of a fork, in the child."""
        cls.lost = cls.started


os.register_at_fork(after_in_child=_Threads.forked)


def parallel(**options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator: `njit(parallel=True)` with these options, for callers in Python."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        compiled = njit(parallel=True, **options)(function)

        @wraps(function)
        def call(*arguments: Any) -> None:
            _Threads.start()
            compiled(*arguments)

        return call

    return decorate


def use_threads(threads: int) -> int:
    """Let compiled functions use `threads` threads; return how many they get.

    They are no more than the cores that this process may use.
    """
    _Threads.start()
    granted = max(1, min(threads, config.NUMBA_NUM_THREADS))
    set_num_threads(granted)
    return granted


@contextmanager
def numba_threads(threads: int) -> Iterator[int]:
    """Let compiled functions use so many threads in the block, which is told how many they get.

    For one thread numba is not asked: that starts its threads, and a process that has them cannot
    fork, its child would wait for them for ever.
    """
    granted = max(1, min(threads, config.NUMBA_NUM_THREADS))
    if granted == 1:
        yield granted
        return
    _Threads.start()
    before = get_num_threads()
    set_num_threads(granted)
    try:
        yield granted
    finally:
        set_num_threads(before)


def renamed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return a copy of a function that numba's cache, which goes by the name, keeps apart.

    For a function that is compiled with and without `parallel`.
    """
    assert isinstance(function, FunctionType)
    copy = FunctionType(function.__code__, function.__globals__, name)
    copy.__qualname__ = name
    return copy
