"""A counter-based random stream: draw number n of a key needs no state, so restarts are exact.

SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) read as a function of its counter.
"""

import math

import numpy as np
from numpy.typing import NDArray

from potstill.runtime.compiled import njit
from potstill.sampling.elementary import cos_sin, logarithm

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_UNIT = 1.0 / 9007199254740992.0  # 2^-53


@njit(cache=True, nogil=True, inline="always")
def uniform(key: np.uint64, counter: np.uint64) -> float:
    """Return a number in (0, 1)."""
    z = key + (counter + np.uint64(1)) * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    z = z ^ (z >> np.uint64(31))
    return (float(z >> np.uint64(11)) + 0.5) * _UNIT


@njit(cache=True, nogil=True, fastmath={"contract", "nsz", "arcp"}, error_model="numpy")
def fill_normals(key: np.uint64, counter: np.uint64, out: NDArray[np.float64]) -> None:
    """Fill `out` (even length) with standard normals (Box-Muller); uses len(out) counters."""
    for pair in range(len(out) // 2):
        n = counter + np.uint64(2 * pair)
        radius = math.sqrt(-2.0 * logarithm(uniform(key, n)))
        cos, sin = cos_sin(uniform(key, n + np.uint64(1)))
        out[2 * pair] = radius * cos
        out[2 * pair + 1] = radius * sin
