"""Are positions in A, and of the elements that are named? Distances by the sizes of the atoms."""

from itertools import combinations

import numpy as np
from ase.data import covalent_radii
from scipy.spatial import cKDTree

from potstill.data.frames import Frames
from potstill.data.geometry import completed
from potstill.data.structures import Floats, Indices, Mask, atomic_number
from potstill.errors import PotstillError
from potstill.runtime.progress import say

# Frames by whose distances a set is judged, and whose own distances are looked at, at most.
FRAMES, LENGTH_FRAMES = 48, 1000
# Median distance of nearest neighbours over the sum of their covalent radii: 0.8 to 1.2 in metals.
DISTANCE_RANGE = (0.6, 1.5)
# Two elements whose distances are so many times farther from what is expected than if their names
# were exchanged, and by so much, may have been.
EXCHANGED, EXCHANGED_BY = 1.5, 1.3


def judged_ratio(frames: Frames, reach: float) -> float:
    """Return the median distance of nearest neighbours over the sum of their covalent radii.

    Of the atoms of some frames that have neighbours within `reach`, A. Warns of two elements
    whose names look exchanged. Raises PotstillError for a ratio that no unit but A can give.
    """
    some = frames.spread_rows(min(FRAMES, len(frames)))
    found = [_nearest(frames, int(f), reach) for f in some]
    distance, kinds = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    ratio = _ratio(distance, kinds)
    if ratio is None:
        raise PotstillError(
            f"no atom has a neighbour within {reach:g} A; positions and cell must be in A"
        )
    low, high = DISTANCE_RANGE
    if not low < ratio < high:
        raise PotstillError(
            f"nearest neighbours are at {ratio:.2f} times the bond length expected of "
            f"{frames.symbol}; positions and cell must be in A"
        )
    for pair in combinations(frames.elements, 2):
        given, other = _misfits(distance, kinds, pair)
        if given > EXCHANGED * other and given > np.log(EXCHANGED_BY):
            say(
                f"data check: {pair[0]} and {pair[1]} may be exchanged: their nearest neighbours "
                f"are at up to {np.exp(given):.2f} times, or that part of, the bond length "
                f"expected, and {np.exp(other):.2f} times with the names exchanged"
            )
    return ratio


def outlying_lengths(frames: Frames, reach: float) -> list[int]:
    """Return those of at most `LENGTH_FRAMES` frames whose own ratio can't be right."""
    (low, high), outlying = DISTANCE_RANGE, []
    for f in frames.spread_rows(min(LENGTH_FRAMES, len(frames))):
        ratio = _ratio(*_nearest(frames, int(f), reach))
        if ratio is not None and not low < ratio < high:
            outlying.append(int(f))
    return outlying


def free_atoms(frames: Frames, reach: float) -> Mask:
    """Return which frames are a single atom without a neighbour within `reach`, A."""
    alone = frames.sizes == 1
    for f in np.flatnonzero(alone):
        alone[f] = not len(_nearest(frames, int(f), reach)[0])
    return alone


def _ratio(distance: Floats, kinds: Indices) -> float | None:
    """Return the median of distances (P,) over the sums of two radii; None for no distances."""
    if not len(distance):
        return None
    expected = covalent_radii[kinds].sum(axis=1)
    unit = expected.max()  # of one element the median distance is divided, to the last bit
    return float(np.median(distance * (unit / expected)) / unit)


def _misfits(distance: Floats, kinds: Indices, pair: tuple[str, str]) -> tuple[float, float]:
    """Return how far each of two elements is from ratio 1, as a logarithm, and if exchanged."""
    one, other = map(atomic_number, pair)
    exchanged = np.select([kinds == one, kinds == other], [other, one], kinds)

    def farthest(named: Indices) -> float:
        ratios = [
            _ratio(distance[of], named[of]) for of in (kinds[:, 0] == k for k in (one, other))
        ]
        return max((abs(np.log(ratio)) for ratio in ratios if ratio is not None), default=0.0)

    return farthest(kinds), farthest(exchanged)


def _nearest(frames: Frames, which: int, reach: float) -> tuple[Floats, Indices]:
    """Return the distance (P,), A, of each atom's nearest neighbour, and both numbers (P, 2).

    Atoms that have none within `reach` are left out.
    """
    here, pbc = frames.of_atoms_in(which), frames.pbc[which]
    cell = completed(frames.cell[which][None], pbc[None])[0]
    inside = frames.positions[here] @ np.linalg.inv(cell)
    inside[:, pbc] %= 1.0
    x = inside @ cell  # one shell of images is enough for these
    everywhere = (x[None] + (_images(pbc) @ cell)[:, None]).reshape(-1, 3)
    distance, nearest = cKDTree(everywhere).query(x, k=2, distance_upper_bound=reach)
    near = np.isfinite(distance[:, 1])
    numbers = frames.species[here]
    return distance[near, 1], np.stack([numbers[near], numbers[nearest[near, 1] % len(x)]], axis=1)


def _images(pbc: Mask) -> Floats:
    """Return the numbers of the cells next to one, itself included, along what is periodic."""
    sides = [(-1.0, 0.0, 1.0) if periodic else (0.0,) for periodic in pbc]
    return np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 3)
