"""Farthest points, clusters, determinants and covers against exhaustive search on small cases."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from potstill.data.structures import Structures
from potstill.distillation.cover import Cover, greedy_cover
from potstill.distillation.strategies import cluster_sigma, direct, grid, set_cover
from potstill.distillation.strategies.d_optimal import GAIN, RIDGE, maxvol_rows
from potstill.distillation.strategies.direct import principal_components
from potstill.distillation.strategies.farthest_point import farthest_points
from potstill.settings import Distillation

SETTINGS = Distillation(source="Ni/32/momt")


def generator(seed=0):
    return np.random.default_rng(seed)


def test_farthest_points_on_a_line():
    line = np.array([[0.0], [1.0], [2.0], [7.0], [10.0]])
    rows, distances = farthest_points(line, np.array([[0.0]]), 3, generator())
    assert rows.tolist() == [4, 3, 2]  # 10 first; then 7 is 3 from it, and 2 is 2 from 0
    assert distances.tolist() == [10.0, 3.0, 2.0]


@pytest.mark.parametrize("seed", range(20))
def test_farthest_points_are_within_twice_the_best_cover(seed):
    """Gonzalez's bound against all 4-subsets of 12 points, and each step against its definition."""
    points = generator(seed).normal(size=(12, 3))
    rows, distances = farthest_points(points, points[:0], 4, generator(seed))
    between = cdist(points, points)
    for k in range(1, 4):
        nearest = between[:, rows[:k]].min(axis=1)
        assert nearest[rows[k]] == pytest.approx(nearest.max()) == pytest.approx(distances[k])
    best = min(
        between[:, list(chosen)].min(axis=1).max()
        for chosen in itertools.combinations(range(12), 4)
    )
    assert between[:, rows].min(axis=1).max() <= 2 * best + 1e-12


def log_determinant(rows, kept):
    gram = RIDGE * np.eye(rows.shape[1]) + rows.T @ rows + kept.T @ kept
    return np.linalg.slogdet(gram)[1]


@pytest.mark.parametrize("kept_rows", [0, 2])
@pytest.mark.parametrize("count", [3, 4, 6])
def test_maxvol_against_all_subsets(count, kept_rows):
    """No exchange gains more than 1%; the determinant is the largest one in most cases."""
    ratios = []
    for seed in range(12):
        rows = generator(seed).normal(size=(11, 4))
        kept = generator(seed + 100).normal(size=(kept_rows, 4))
        picked = maxvol_rows(rows, kept, count)
        found = log_determinant(rows[picked], kept)
        for place, new in itertools.product(range(count), set(range(11)) - set(picked.tolist())):
            exchanged = picked.copy()
            exchanged[place] = new
            assert log_determinant(rows[exchanged], kept) <= found + math.log(GAIN) + 1e-9
        best = max(
            log_determinant(rows[list(chosen)], kept)
            for chosen in itertools.combinations(range(11), count)
        )
        ratios.append(math.exp(found - best))
    assert max(ratios) < 1 + 1e-6
    assert np.median(ratios) > 0.99
    assert min(ratios) > 0.5


def brute_cover(points, queries, radius):
    return cdist(points, queries).min(axis=1) <= radius


@pytest.mark.parametrize("dimensions", [1, 3, 11])
def test_cover_counts_exactly(dimensions):
    random = generator(dimensions)
    points = random.normal(size=(700, dimensions)).astype(np.float32)
    queries = random.normal(size=(5, dimensions)).astype(np.float32)
    for radius in np.quantile(cdist(points, queries), (0.02, 0.3)):
        cover = Cover(points, radius)
        near = brute_cover(points, queries[:2], radius)
        both = brute_cover(points, queries, radius)
        assert 0 < near.sum() < both.sum() < 700
        assert cover.gain(queries[:2]) == cover.gain(queries[:2]) == near.sum()
        assert cover.cover(queries[:2]) == near.sum()
        assert cover.gain(queries[:2]) == 0
        assert cover.gain(queries) == (both & ~near).sum()
        assert cover.left() == 700 - near.sum()


@pytest.mark.parametrize("seed", range(8))
def test_greedy_cover_takes_the_largest_gain_and_is_near_the_minimum(seed):
    groups = generator(seed).normal(size=(10, 3, 2)).astype(np.float32)
    points, radius = groups.reshape(-1, 2), 0.9
    covers = np.array([brute_cover(points, group, radius) for group in groups])
    done, order = np.zeros(30, dtype=bool), []
    for group, gain in greedy_cover(Cover(points, radius), groups):
        gains = (covers & ~done).sum(axis=1)
        assert gain == gains[group] == gains.max()
        done |= covers[group]
        order.append(group)
    assert done.all()
    minimum = next(
        size
        for size in range(1, 11)
        if any(covers[list(c)].any(axis=0).all() for c in itertools.combinations(range(10), size))
    )
    assert minimum <= len(order) <= minimum * (1 + math.log(30))
    assert len(order) <= minimum + 1


def test_set_cover_by_radius_covers_all_and_what_is_kept_needs_no_frame(make_candidates):
    candidates = make_candidates(30, kept=3)
    own, kept = candidates.environments
    settings = SETTINGS.model_copy(update={"radius": 3.0})
    rows = set_cover.pick(candidates, 0, settings, generator()).rows
    assert 0 < len(rows) < 30
    centres = np.concatenate([own[candidates.own.rows(rows)], kept])
    assert cdist(own, centres).min(axis=1).max() <= 3.0 + 1e-5
    # with the picked frames kept, nothing is left to cover
    images = [candidates.own.image(row) for row in rows]
    images += [candidates.kept.image(row) for row in range(3)]
    left = replace(candidates, kept=Structures.of_atoms(images))
    assert len(set_cover.pick(left, 0, settings, generator()).rows) == 0


def test_direct_takes_one_of_each_of_separate_clusters(make_candidates):
    """Five groups of frames that differ little within: one of each, the middle one."""
    candidates = make_candidates(25)
    random = generator(4)
    centres = 10 * random.normal(size=(5, 6))
    offsets = 0.01 * random.normal(size=(5, 6))
    offsets[0] = 0
    offsets -= offsets.mean(axis=0)  # so that the mean of a group is its centre
    points = (centres[:, None] + offsets).reshape(25, 6)
    vars(candidates)["features"] = points, points[:0]
    rows = direct.pick(candidates, 5, SETTINGS, generator()).rows
    assert sorted((rows // 5).tolist()) == [0, 1, 2, 3, 4]
    scaled = principal_components(points).reshape(5, 5, -1)
    distance = np.linalg.norm(scaled - scaled.mean(axis=1, keepdims=True), axis=2)
    assert {row % 5 for row in rows} <= set(distance.argmin(axis=1).tolist())


def test_cluster_sigma_takes_the_least_certain_of_each_cluster(make_candidates):
    candidates = make_candidates(25)
    random = generator(4)
    points = np.repeat(10 * random.normal(size=(5, 6)), 5, axis=0)
    points += 0.01 * random.normal(size=points.shape)
    vars(candidates)["features"] = points, points[:0]
    rows = cluster_sigma.pick(candidates, 5, SETTINGS, generator()).rows
    sigma = candidates.energy_std.reshape(5, 5)
    assert sorted(rows.tolist()) == (5 * np.arange(5) + sigma.argmax(axis=1)).tolist()


def test_principal_components_follow_kaisers_rule():
    random = generator(1)
    common = random.normal(size=(500, 1))
    # three copies of one number and one number alone: eigenvalues 3, 1 (just), 0, 0
    points = np.concatenate([common, -2 * common, 5 * common, random.normal(size=(500, 1))], axis=1)
    kept = principal_components(points)
    values = np.linalg.eigvalsh(np.corrcoef(points.T))
    assert kept.shape[1] == (values > 1).sum()
    assert kept.var(axis=0).max() == pytest.approx(values.max())


def test_grid_takes_one_frame_of_each_cell(make_candidates):
    candidates = make_candidates(300)
    rows = grid.pick(candidates, 20, SETTINGS, generator()).rows
    enthalpy, order = candidates.plane
    # 20 random points of a square and 20 of a grid: the grid's are farther apart
    plane = np.stack([enthalpy, order], axis=1)

    def closest(chosen):
        distance = cdist(plane[chosen], plane[chosen]) + 9 * np.eye(20)
        return distance.min(axis=1).mean()

    random = [closest(generator(s).permutation(300)[:20]) for s in range(200)]
    assert closest(rows) > np.median(random)
    full = grid.pick(candidates, 300, SETTINGS, generator()).rows
    assert sorted(full.tolist()) == list(range(300))
