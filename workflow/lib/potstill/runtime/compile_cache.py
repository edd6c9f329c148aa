"""Where compiled functions are kept: a folder for each state of the library's sources.

numba keeps a compiled function until its own file changes, with whatever it calls from other files
compiled into it; after an edit of those it would run the old code. It loads what it finds there as
pickles, so nobody else may write into the folder. The folder is for the library's own functions:
where those of a user's program go is left to numba.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from numba import config
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    UserProvidedCacheLocator,
)

from potstill.runtime.compile_lock import LOCK

PACKAGE = Path(__file__).parents[1]


@cache
def cache_folder() -> Path:
    """Return the folder for the sources of the package as they are, by path, size and time.

    It lies in the folder that NUMBA_CACHE_DIR names, else beside the sources, else, where neither
    can be written, in one of the temporary folder that is this user's alone.
    """
    state = hashlib.sha256()
    for source in sorted(PACKAGE.rglob("*.py")):
        found = source.stat()
        state.update(f"{source}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    name = f"numba-{state.hexdigest()[:16]}"
    if config.CACHE_DIR and _writable(Path(config.CACHE_DIR)):
        return Path(config.CACHE_DIR) / name
    if _writable(PACKAGE / "__pycache__"):
        return PACKAGE / "__pycache__" / name
    return private_folder(Path(tempfile.gettempdir()) / f"potstill-{os.getuid()}") / name


def _writable(folder: Path) -> bool:
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return os.access(folder, os.W_OK)


def private_folder(folder: Path) -> Path:
    """Return `folder`, made if need be, or a new one where it is somebody else's to write into."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022:
        return folder
    return Path(tempfile.mkdtemp(prefix="potstill-"))


class _Locator(UserProvidedCacheLocator):
    """numba's locator of a folder that somebody named, which is here the library's."""

    def __init__(self, function: Callable[..., Any], source: str) -> None:
        super().__init__(function, source)
        self._cache_path = str(cache_folder() / self.get_suitable_cache_subpath(source))

    @classmethod
    def from_function(cls, function: Callable[..., Any], source: str) -> "_Locator":
        return cls(function, source)


class _Results(CompileResultCacheImpl):
    _locator_classes = [_Locator]  # noqa: RUF012 (numba's own is a list)


class SharedCache(FunctionCache):
    """numba's cache of one function, in the library's folder, with the lock for who compiles.

    numba asks it for the compiled function before it compiles, and gives it what it compiled.
    """

    _impl_class = _Results

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return what is kept, or None after taking the lock: then this process compiles."""
        found = super().load_overload(signature, target)
        if found is None and LOCK.take(cache_folder() / "lock"):
            found = super().load_overload(signature, target)  # which who had the lock may have made
        return found

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep what was compiled; where it cannot be written, the next process compiles again."""
        with suppress(OSError):
            super().save_overload(signature, result)
