"""Restart files: a long job saves its state beside its output and goes on from there.

The restart file is an undeclared neighbour of the output (`momt.h5.restart`), because Snakemake
deletes the declared outputs of failed jobs.
"""

import fcntl
import os
import signal
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.runtime.files import atomic_path, writing
from potstill.runtime.progress import say

State = dict[str, NDArray[np.generic]]


class Restart:
    """The restart file of one output; made by `restart_file`."""

    def __init__(self, path: Path, fingerprint: str, interval_s: float) -> None:
        self.path, self.fingerprint, self.interval_s = path, fingerprint, interval_s
        self.saved = time.monotonic()
        self.stop = False

    def load(self) -> State | None:
        """Return the saved state; None if there is none, or it is broken or of other settings."""
        if not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as archive:
                state = {name: archive[name] for name in archive.files}
            fingerprint = str(state.pop("fingerprint"))
        except (AttributeError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
            say(f"{self.path}: not a whole restart file, starting afresh")
            return None
        if fingerprint != self.fingerprint:
            say(f"{self.path}: made with other settings or another version, starting afresh")
            return None
        say(f"{self.path}: going on from here")
        return state

    def due(self) -> bool:
        """Return whether it is time to save, or the job was told to end (SIGTERM)."""
        return self.stop or time.monotonic() - self.saved >= self.interval_s

    def save(self, state: State) -> None:
        """Write the state atomically; after SIGTERM, end the job with exit status 143."""
        with atomic_path(self.path) as temporary, temporary.open("wb") as handle:
            np.savez(handle, allow_pickle=False, fingerprint=np.array(self.fingerprint), **state)
        self.saved = time.monotonic()
        if self.stop:
            say(f"{self.path}: saved on SIGTERM")
            raise SystemExit(143)

    def _on_term(self, number: int, frame: FrameType | None) -> None:
        self.stop = True


def _alone(lock: TextIO) -> bool:
    """Take the lock; return False if another process has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        say(f"{lock.name}: no locks on this file system ({error.strerror}), going on without")
    # who ends removes the file, and a lock on a removed file keeps nobody out
    return os.fstat(lock.fileno()).st_nlink > 0


@contextmanager
def one_process(output: str | Path) -> Iterator[None]:
    """Hold the lock of `output` for the block; PotstillError when another process has it."""
    lock = Path(f"{output}.lock")
    with writing(output):
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = lock.open("w")
    with held:
        if not _alone(held):
            raise PotstillError(
                f"{output}: another process is making this file; wait for it or stop it first"
            )
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


@contextmanager
def restart_file(
    output: str | Path, fingerprint: str, *, interval_s: float = 60.0
) -> Iterator[Restart]:
    """Hold the restart file of `output` for the block; remove it when the block succeeds.

    `fingerprint` names everything that the state depends on (settings, seed, version); a file with
    another one is ignored. Raises PotstillError when another process holds the same file.
    """
    path = Path(f"{output}.restart")
    with one_process(output):
        restart = Restart(path, fingerprint, interval_s)
        before = signal.signal(signal.SIGTERM, restart._on_term)
        try:
            yield restart
        finally:
            signal.signal(signal.SIGTERM, before)
        path.unlink(missing_ok=True)
