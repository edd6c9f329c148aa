"""Independent random streams named by words, so that no stage's draws depend on another's."""

import hashlib

import numpy as np


def stream_seed(seed: int, *names: str | int) -> int:
    """Return a 63-bit seed from the run's seed and the stream's names (SHA-256)."""
    text = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return the numpy generator of the stream called `names` in the run with this seed."""
    return np.random.default_rng(stream_seed(seed, *names))
