"""What a file is that cannot be read: one of ours that was cut short, or another's.

One that begins as ours do was cut short, and its job makes it again. Any other may be the only copy
of somebody's data: the error tells what it is and how to get one of ours out of it.
"""

from pathlib import Path

from potstill.errors import PotstillError

HDF5, ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
_KINDS = {
    HDF5: "an HDF5 file",
    ZIP: "a zip file, as PyTorch's are",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file",
    b"\x93NUMPY": "a NumPy array",
    b"\x80": "a pickle",
}
# The cure where a file of ours is broken, or holds what belongs to others. Its job makes it again,
# and should it have been somebody's own it is still there.
AGAIN = "move it away and run again"


def unreadable(
    path: str | Path, what: str, signature: bytes, cure: str, error: Exception | None = None
) -> PotstillError:
    """Return the error of a file that was to be a `what` ("frame file") and cannot be read as one.

    signature: the first bytes of such files. cure: what to do with a file of another kind. error:
    what reading it ended with.
    """
    source = Path(path)
    if isinstance(error, BlockingIOError):
        return PotstillError(f"{path}: in use by another process; wait for it")
    if source.is_dir():
        return PotstillError(f"{path}: a folder, not a {what}; name a file in it")
    try:
        with source.open("rb") as handle:
            head = handle.read(1024)
    except OSError as reason:
        return PotstillError(f"{path}: cannot be read ({reason.strerror}); make it readable")
    if not head:
        return PotstillError(f"{path}: an empty file, not a {what}; {AGAIN}")
    if head.startswith(signature) or signature.startswith(head):
        why = f" ({' '.join(str(error).split())})" if error else ""
        return PotstillError(f"{path}: not a whole {what}{why}; {AGAIN}")
    return PotstillError(f"{path}: not a {what} of Potstill but {_kind(head)}; {cure}")


def _kind(head: bytes) -> str:
    """Return in words what a file is that begins so."""
    for signature, kind in _KINDS.items():
        if head.startswith(signature):
            return kind
    try:
        head[:-4].decode()  # the last letter may be cut in two
    except UnicodeDecodeError:
        return "something else"
    return "something else" if b"\0" in head else "text"
