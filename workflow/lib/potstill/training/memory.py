"""The memory that a training asks for, from the size of its frames' file."""

import math

from potstill.settings import KEPT_BYTES, Descriptor

# What an atom takes in a file of frames.
FILE_BYTES = 70
# Most frames are less dense than the densest crystal: derivatives that would take so many times
# KEPT_BYTES at its density may still be kept.
LESS_DENSE = 1.2


def derivatives_MiB(
    frames_MiB: float, functions: Descriptor, density: float, elements: int = 1
) -> float:
    """Return what the derivatives of all frames take, MiB, were every frame of that density.

    frames_MiB: size of the frames' file; density: atoms per A^3; elements: how many. An atom has
    as many pairs as fit in the spheres of the two cut-offs.
    """
    radial, angular = (
        4 / 3 * math.pi * cutoff**3 * density
        for cutoff in (functions.radial_cutoff_A, functions.angular_cutoff_A)
    )
    return frames_MiB / FILE_BYTES * functions.pair_bytes(radial / 2, angular, elements=elements)


def training_memory_MiB(
    frames_MiB: float, functions: Descriptor, density: float, elements: int = 1
) -> int:
    """Return the memory to ask for, MiB: half more than was seen to be taken.

    frames_MiB: size of the frames' file, or of the part that is trained on; density: atoms per A^3
    of the densest crystal. Derivatives beyond KEPT_BYTES are computed in each step, not kept.
    """
    kept = derivatives_MiB(frames_MiB, functions, density, elements)
    if kept * 2**20 > LESS_DENSE * KEPT_BYTES:
        kept = 0
    return round(1500 + 60 * frames_MiB + 1.5 * kept)
