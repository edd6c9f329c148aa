"""Where compiled functions are kept: a folder for each state of the library's sources.

numba keeps a compiled function until its own file changes, with whatever it calls from other files
compiled into it; after an edit of those it would run the old code. It loads what it finds there as
pickles, so nobody else may write into the folder.
"""

import hashlib
import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def cache_folder(package: Path) -> Path:
    """Return the folder for the sources of `package` as they are, by path, size and time."""
    state = hashlib.sha256()
    for source in sorted(package.rglob("*.py")):
        found = source.stat()
        state.update(f"{source}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    base = package / "__pycache__"
    if not os.access(package, os.W_OK):
        base = private_folder(Path(tempfile.gettempdir()) / f"potstill-{os.getuid()}")
    return base / f"numba-{state.hexdigest()[:16]}"


def private_folder(folder: Path) -> Path:
    """Return `folder`, made if need be, or a new one where it is somebody else's to write into."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022:
        return folder
    return Path(tempfile.mkdtemp(prefix="potstill-"))


def use_compile_cache() -> None:
    """Point numba to the folder, unless NUMBA_CACHE_DIR names another one."""
    folder = os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_folder(PACKAGE)))
    if "numba" in sys.modules:  # which has read its environment already
        sys.modules["numba"].config.CACHE_DIR = folder
