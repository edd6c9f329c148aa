"""Pick the fewest frames whose atoms' surroundings stand for those of all: minimum set cover.

Compression as by QUESTS (Yu, Lordi and Schwalbe-Koda, 2025; descriptors and distance are ours): a
frame covers every environment, of all frames, that lies within a radius of one of its own. The
greedy choice, most not yet covered environments first, needs at most 1 + ln(n) times as many frames
as the minimum (Chvatal, 1979). Where there are many environments a sample of them ranks the frames
first; what is covered is always counted on all, with exact distances.
"""

from collections.abc import Iterator

import numpy as np
from scipy.spatial.distance import cdist

from potstill.distillation.candidates import Candidates, Environments
from potstill.distillation.cover import Cover, greedy_cover
from potstill.distillation.strategies import Pick
from potstill.settings import Distillation

NEEDS_SCORES = False
NEEDS_LABELS = False

# The first radius: `count` frames drawn at random would cover this share of the environments.
COVERED_AT_RANDOM = 0.9
SAMPLE = 1000
SHRINK = 0.8
# Standardised features of equal environments differ by less, by rounding of float32.
SMALLEST_RADIUS = 1e-3
# Environments that rank the frames first.
RANKED_BY = 20_000


def first_radius(environments: Environments, count: int, generator: np.random.Generator) -> float:
    """Return the radius at which `count` random frames and those kept cover 90%, by a sample."""
    own = environments.own
    chosen = own[generator.choice(len(own), size=count, replace=False)]
    flat = own.reshape(-1, own.shape[2])
    sample = flat[generator.integers(len(flat), size=SAMPLE)].astype(np.float64)
    centres = np.concatenate([chosen, environments.kept]).reshape(-1, own.shape[2])
    parts = [centres[i : i + 4096] for i in range(0, len(centres), 4096)]
    nearest = np.min([cdist(sample, part).min(axis=1) for part in parts], axis=0)
    return max(float(np.quantile(nearest, COVERED_AT_RANDOM)), SMALLEST_RADIUS)


def _cover_in_rounds(
    environments: Environments, radius: float, shrink: bool, generator: np.random.Generator
) -> Iterator[tuple[int, int, float]]:
    """Yield (frame, environments newly covered, radius); when all are covered, shrink and go on."""
    own, kept = environments
    points = own.reshape(-1, own.shape[2])
    cover = Cover(points, radius)
    stages = [cover]
    if len(points) > RANKED_BY:
        sample = points[generator.permutation(len(points))[:RANKED_BY]]
        stages.insert(0, Cover(sample, radius))
    picked: list[int] = []
    while True:
        for stage in stages:
            for frame in [*kept, *own[picked]]:
                stage.cover(frame)
        for stage in stages:
            left = np.setdiff1d(np.arange(len(own)), picked)
            for place, gain in greedy_cover(stage, own[left]):
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
    environments = candidates.environments
    if settings.radius is not None:
        found = list(
            _cover_in_rounds(environments, settings.radius, shrink=False, generator=generator)
        )
    elif count == 0:
        found = []
    else:
        radius = first_radius(environments, count, generator)
        rounds = _cover_in_rounds(environments, radius, shrink=True, generator=generator)
        found = [step for step, _ in zip(rounds, range(count), strict=False)]
    return Pick(
        np.array([row for row, _, _ in found], dtype=np.int64),
        [f"stands for {gain} more atoms within {radius:.3f}" for _, gain, radius in found],
    )
