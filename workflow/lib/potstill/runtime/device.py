"""Where networks run."""

import torch

from potstill.errors import PotstillError
from potstill.runtime.compiled import use_threads

DEVICES = ("auto", "cpu", "cuda")


def resolve_device(device: str) -> str:
    """Return cpu or cuda for auto, cpu or cuda; PotstillError for another, or without a GPU."""
    if device not in DEVICES:
        raise PotstillError(f"device: {device!r} is none of {', '.join(DEVICES)}; name one of them")
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise PotstillError("device: cuda was asked for, but there is no GPU; set device: cpu")
    return device


def limit_threads(threads: int) -> None:
    """Let torch and compiled loops use at most `threads` threads; with one, results repeat."""
    torch.set_num_threads(threads)
    use_threads(threads)
