"""numba's `njit` for the library's functions, and its threads.

Functions are compiled once for each state of the library's sources (`compile_cache`), and by one
process at a time (`compile_lock`). Both serve what is compiled with this `njit`: numba's own, and
its settings, stay as they are for whoever uses them in the same process.

Functions that run on several threads are marked with `parallel`. numba's threads do not survive a
fork: a child that used them would wait for ever, and is told so instead.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FunctionType
from typing import Any

from numba import config, get_num_threads, prange, set_num_threads
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher

from potstill.errors import PotstillError
from potstill.runtime.compile_cache import SharedCache
from potstill.runtime.compile_lock import LOCK

__all__ = ["njit", "prange"]


class _Compiled(CPUDispatcher):
    """A compiled function of the library."""

    def enable_caching(self) -> None:
        self._cache = SharedCache(self.py_func)

    def compile(self, signature: Any) -> Any:
        # numba's lock first, as it does: the threads of this process have one turn among them
        with global_compiler_lock, LOCK:
            return super().compile(signature)


def njit(*, cache: bool = False, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator: numba's `njit` with these options, and the library's cache."""

    def decorate(function: Callable[..., Any]) -> Any:
        if config.DISABLE_JIT:
            return function
        compiled = _Compiled(
            function, targetoptions={"nopython": True, "boundscheck": None} | options
        )
        if cache:
            compiled.enable_caching()
        return compiled

    return decorate


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
