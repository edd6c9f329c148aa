"""Random streams: named, repeatable, independent."""

import hashlib

import numpy as np

from potstill.runtime.streams import stream, stream_seed


def test_seed_is_the_hash_of_the_names():
    digest = hashlib.sha256(b"7/sampling/Ni/0").digest()
    assert stream_seed(7, "sampling", "Ni", 0) == int.from_bytes(digest[:8], "little") // 2


def test_same_names_same_stream():
    first, again = (stream(7, "train", 3).normal(size=100) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_seeds_fit_a_signed_integer_and_differ():
    seeds = {stream_seed(s, "member", k) for s in range(20) for k in range(50)}
    assert len(seeds) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_neighbouring_streams_are_uncorrelated():
    draws = np.array([stream(7, "member", k).normal(size=20_000) for k in range(5)])
    correlation = np.corrcoef(draws) - np.eye(5)
    assert np.abs(correlation).max() < 5 / np.sqrt(20_000)
