"""Atomic writes: a reader sees the old file or the complete new one, never a part."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from potstill.errors import PotstillError, WriteError
from potstill.runtime.unreadable import AGAIN

# What keeps a file from being written on a sound machine, and the cure.
_FREE = "free some space and run again"
_OPEN = "make its folder writable, or run in another --directory"
_CURES = {
    errno.ENOSPC: _FREE,
    errno.EDQUOT: _FREE,
    errno.EROFS: _OPEN,
    errno.EACCES: _OPEN,
    errno.EPERM: _OPEN,
}


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Raise WriteError naming `path` if a full disk or a closed folder ends the block."""
    try:
        yield
    except Exception as error:
        found: BaseException | None = error
        while found is not None:  # torch raises an error of its own on top of the disk's
            if isinstance(found, OSError) and found.errno in _CURES:
                raise WriteError(
                    f"{path}: cannot be written ({os.strerror(found.errno)}); {_CURES[found.errno]}"
                ) from None
            found = found.__context__
        raise


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success flush it to disk and rename it to `path`.

    If the block raises, the temporary file is removed and `path` is left as it was. A process that
    is killed leaves the temporary file behind, which the next write of `path` uses again. Raises
    WriteError, naming `path`, where the disk is full or the folder cannot be written.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.stem}.part{target.suffix}")
    with writing(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        try:
            yield temporary
            with temporary.open("rb+") as written:
                os.fsync(written.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def write_json(path: str | Path, content: Any) -> None:
    """Write `content` as indented JSON, atomically; NaN is refused (JSON has no such number)."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Return the content of a JSON file; PotstillError names a missing or broken one."""
    try:
        return json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise PotstillError(f"{path}: no such file; run the rule that makes it") from None
    except IsADirectoryError:
        raise PotstillError(f"{path}: a folder, not a JSON file; name a file in it") from None
    except ValueError as error:  # of JSON, or of bytes that are no text
        raise PotstillError(f"{path}: not valid JSON ({error}); {AGAIN}") from None
