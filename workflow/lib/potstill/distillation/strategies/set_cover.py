"""Pick the fewest frames whose atoms' surroundings stand for those of all: minimum set cover.

Compression as by QUESTS (Yu, Lordi and Schwalbe-Koda, 2025; descriptors and distance are ours): a
frame covers every environment, of all frames, that lies within a radius of one of its own, both of
the same element. The greedy choice, most not yet covered environments first, needs at most
1 + ln(n) times as many frames as the minimum (Chvatal, 1979). Where there are many environments a
sample of them ranks the frames first; what is covered is always counted on all, with exact
distances.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from potstill.data.structures import Floats, Indices, Structures
from potstill.distillation.candidates import Candidates
from potstill.distillation.cover import CoverByKind, greedy_cover
from potstill.distillation.moments import Singles
from potstill.distillation.strategies import Pick
from potstill.settings import Distillation

NEEDS_SCORES = False
NEEDS_LABELS = False

AnyFloats = NDArray[np.floating[Any]]

# The first radius: `count` frames drawn at random would cover this share of the environments.
COVERED_AT_RANDOM = 0.9
SAMPLE = 1000
SHRINK = 0.8
# Standardised features of equal environments differ by less, by rounding of float32.
SMALLEST_RADIUS = 1e-3
# Environments that rank the frames first.
RANKED_BY = 20_000


def first_radius(candidates: Candidates, count: int, generator: np.random.Generator) -> float:
    """Return the radius at which `count` random frames and those kept cover 90%, by a sample."""
    (values, kept), frames = candidates.environments, candidates.own
    chosen = frames.rows(generator.choice(len(frames), size=count, replace=False))
    places = generator.integers(len(values), size=SAMPLE)
    sample = _by_element(values[places].astype(np.float64), frames.species[places])
    centres = _by_element(
        np.concatenate([values[chosen], kept]),
        np.concatenate([frames.species[chosen], candidates.kept.species]),
    )
    nearest = np.concatenate(
        # atoms of an element that none of these frames has are as far as from their own mean
        [_nearest(own, centres.get(n, np.zeros_like(own[:1]))) for n, own in sample.items()]
    )
    return max(float(np.quantile(nearest, COVERED_AT_RANDOM)), SMALLEST_RADIUS)


def _nearest(points: AnyFloats, centres: AnyFloats) -> Floats:
    """Return how far each point (P, D) is from the nearest of the centres (C, D)."""
    parts = [centres[i : i + 4096] for i in range(0, len(centres), 4096)]
    return np.asarray(np.min([cdist(points, part).min(axis=1) for part in parts], axis=0))


def _by_element(values: AnyFloats, species: Indices) -> dict[int, AnyFloats]:
    """Return the values (A, D) of atoms by their atomic number."""
    numbers = np.unique(species)
    if len(numbers) == 1:
        return {int(numbers[0]): values}
    return {int(number): values[species == number] for number in numbers}


def _frames_by_element(values: Singles, frames: Structures) -> list[dict[int, AnyFloats]]:
    """Return the values (A, D) of the atoms of each frame by their atomic number."""
    places = map(frames.of_atoms_in, range(len(frames)))
    return [_by_element(values[place], frames.species[place]) for place in places]


def _cover_in_rounds(
    candidates: Candidates, radius: float, shrink: bool, generator: np.random.Generator
) -> Iterator[tuple[int, int, float]]:
    """Yield (frame, environments newly covered, radius); when all are covered, shrink and go on."""
    points, species = candidates.environments.own, candidates.own.species
    own = _frames_by_element(points, candidates.own)
    kept = _frames_by_element(candidates.environments.kept, candidates.kept)
    cover = CoverByKind(_by_element(points, species), radius)
    stages = [cover]
    if len(points) > RANKED_BY:
        sample = generator.permutation(len(points))[:RANKED_BY]
        stages.insert(0, CoverByKind(_by_element(points[sample], species[sample]), radius))
    picked: list[int] = []
    while True:
        for stage in stages:
            for frame in [*kept, *(own[row] for row in picked)]:
                stage.cover(frame)
        for stage in stages:
            left = np.setdiff1d(np.arange(len(own)), picked)
            for place, gain in greedy_cover(stage, [own[row] for row in left]):
                picked.append(int(left[place]))
                covered = gain if stage is cover else cover.cover(own[picked[-1]])
                yield picked[-1], covered, cover.radius
        # frames that are equal cover each other at any radius, so that it might shrink for ever
        if not shrink or cover.radius < SMALLEST_RADIUS:
            break
        for stage in stages:
            stage.reset(SHRINK * stage.radius)
    if shrink:
        yield from ((int(row), 0, 0.0) for row in np.setdiff1d(np.arange(len(own)), picked))


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return frames that cover all within settings.radius, or without it the first `count`.

    Without it the radius starts where `count` random frames cover 90%, and shrinks by a fifth when
    all is covered.
    """
    if settings.radius is not None:
        found = list(
            _cover_in_rounds(candidates, settings.radius, shrink=False, generator=generator)
        )
    elif count == 0:
        found = []
    else:
        radius = first_radius(candidates, count, generator)
        rounds = _cover_in_rounds(candidates, radius, shrink=True, generator=generator)
        found = [step for step, _ in zip(rounds, range(count), strict=False)]
    return Pick(
        np.array([row for row, _, _ in found], dtype=np.int64),
        [f"stands for {gain} more atoms within {radius:.3f}" for _, gain, radius in found],
    )
