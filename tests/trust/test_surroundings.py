"""Distances from what was trained on: against all pairs, and by a choice checked by hand."""

import numpy as np
from scipy.spatial.distance import cdist

from potstill.trust import surroundings
from potstill.trust.surroundings import Surroundings, frame_distances

RANDOM = np.random.default_rng(1)
X = RANDOM.normal(size=(300, 12))
NUMBERS = np.where(np.arange(300) % 3 == 0, 0, 1)
FRAMES = np.arange(300) // 10


def test_the_nearest_point_of_the_own_element():
    known = Surroundings.of(X, NUMBERS, FRAMES, 3)
    others = RANDOM.normal(size=(40, 12))
    kinds = np.arange(40) % 3
    found = known.distances(others, kinds)
    for element in (0, 1):
        expected = cdist(others[kinds == element], X[element == NUMBERS]).min(axis=1)
        # float16 holds a number of this size to a thousandth
        np.testing.assert_allclose(found[kinds == element], expected, rtol=2e-3)
    assert np.isinf(found[kinds == 2]).all()  # an element that no frame had
    assert known.distances(X, NUMBERS).max() < 0.02


def test_points_of_the_own_frame_are_not_looked_at():
    known = Surroundings.of(X, NUMBERS, FRAMES, 2)
    every = cdist(X, X)
    every[(FRAMES[:, None] == FRAMES) | (NUMBERS[:, None] != NUMBERS)] = np.inf
    found = known.distances(X, NUMBERS, FRAMES)
    np.testing.assert_allclose(found, every.min(axis=1), rtol=3e-3)


def test_few_points_are_the_farthest_from_each_other(monkeypatch):
    monkeypatch.setattr(surroundings, "STANDING", 20)
    twice = np.concatenate([X, X])
    known = Surroundings.of(twice, np.zeros(600, dtype=np.int64), np.arange(600), 1)
    rows, every = list(known.frames[0]), cdist(twice, twice)
    assert rows[0] == np.argmin(np.linalg.norm(twice - twice.mean(axis=0), axis=1))
    for k in range(1, 20):
        far = every[rows[:k]].min(axis=0)
        assert far[rows[k]] > far.max() - 1e-4
    assert len({row % 300 for row in rows}) == 20


def test_all_atoms_of_a_frame_together():
    distance, sizes = np.array([3.0, 4.0, 1.0, 2.0, 2.0]), np.array([2, 3])
    np.testing.assert_allclose(frame_distances(distance, sizes), np.sqrt([12.5, 3]))
