"""Progress lines of a job: done, rate, and the quantity that a person would watch.

The time left is that of the whole run, in Snakemake's own lines (`console`).
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_heard: ContextVar[list[str] | None] = ContextVar("heard", default=None)


def say(message: str) -> None:
    """Print one line to standard error at once."""
    listener = _heard.get()
    if listener is None:
        print(message, file=sys.stderr, flush=True)
    else:
        listener.append(message)


@contextmanager
def heard() -> Iterator[list[str]]:
    """Yield a list that takes the lines said in the block, in place of standard error."""
    lines: list[str] = []
    token = _heard.set(lines)
    try:
        yield lines
    finally:
        _heard.reset(token)


class Progress:
    """Print at most one line every `interval_s` seconds.

    `total` is the number of `unit`s (steps, epochs, frames) of the whole job and `start` how many
    of them an earlier, interrupted attempt has done.
    """

    def __init__(
        self, label: str, total: int, unit: str, *, start: int = 0, interval_s: float = 5.0
    ) -> None:
        self.label, self.total, self.unit = label, total, unit
        self.start, self.interval_s = start, interval_s
        self.began = self.last = time.monotonic()

    def update(self, done: int, watched: str = "") -> None:
        """Tell that `done` units are complete; `watched` is a physical quantity as text."""
        now = time.monotonic()
        if now - self.last < self.interval_s and done < self.total:
            return
        self.last = now
        rate = (done - self.start) / max(now - self.began, 1e-9)
        say(
            f"{self.label}: {done}/{self.total} {self.unit}, {rate:.4g} {self.unit}/s"
            f"{', ' + watched if watched else ''}"
        )
