"""The selection strategies on hand-made uncertainties with known answers."""

import typing

import numpy as np
import pytest

from potstill.distillation import strategies
from potstill.distillation.scores import BlockScores, read_scores, write_scores
from potstill.distillation.strategies.outlying_atom import outlying_scores
from potstill.errors import PotstillError
from potstill.sections import Distillation


def settings(**changes):
    return Distillation(source="Ni/32/momt", reference="Ni/108/momt", **changes)


def block(atomic_std):
    atomic_std = np.asarray(atomic_std, dtype=float)
    return BlockScores("Ni", atomic_std, np.arange(len(atomic_std)))


def pick(name, scores, chosen, seed=0):
    return strategies.find(name)(scores, chosen, np.random.default_rng(seed))


def test_z_of_one_atom_against_equal_ones_is_its_bound():
    z = outlying_scores(np.array([[1.0] * 9 + [2.0], [1e-3] * 9 + [7e-3]]))
    np.testing.assert_allclose(z[:, 9], 3.0, rtol=1e-12)  # sqrt(10 - 1), whatever the size
    np.testing.assert_allclose(z[:, :9], -1 / 3, rtol=1e-12)


def test_outlying_atom_picks_the_known_frames():
    # {0 x 8, 3, 4}: mean 0.7, mean square 2.5, std sqrt(2.01); largest z = 3.3 / 1.41774 = 2.3277
    two = [0.0] * 8 + [3.0, 4.0]
    one = [0.0] * 9 + [1.0]  # z = 3
    flat = [0.3] * 10
    spread = list(range(10))  # (9 - 4.5) / sqrt(8.25) = 1.567
    scores = block([flat, two, spread, one])
    assert pick("outlying_atom", scores, settings(threshold=2.9)).rows.tolist() == [3]
    assert pick("outlying_atom", scores, settings(threshold=2.3)).rows.tolist() == [1, 3]
    assert pick("outlying_atom", scores, settings(threshold=2.33)).rows.tolist() == [3]
    assert pick("outlying_atom", scores, settings(threshold=1.5)).rows.tolist() == [1, 2, 3]
    reason = pick("outlying_atom", scores, settings(threshold=2.3)).reasons[0]
    assert reason == "atom 9 has z = 2.328"


def test_only_the_outlying_side_counts():
    certain = [1.0] * 9 + [0.0]  # one atom unusually certain: z = -3
    assert len(pick("outlying_atom", block([certain]), settings(threshold=2.0)).rows) == 0


@pytest.mark.parametrize("atoms", [10, 32, 108])
def test_a_threshold_that_can_never_fire_is_refused(atoms):
    extreme = np.zeros((1, atoms))
    extreme[0, 4] = 1.0
    bound = np.sqrt(atoms - 1)
    assert len(pick("outlying_atom", block(extreme), settings(threshold=0.999 * bound)).rows) == 1
    with pytest.raises(PotstillError, match=r"distillation\.Ni\.threshold: .*lower it") as error:
        pick("outlying_atom", block(extreme), settings(threshold=1.001 * bound))
    assert "\n" not in str(error.value)


def test_random_is_reproducible_and_of_the_right_size():
    scores = block(np.ones((200, 8)))
    chosen = settings(strategy="random", share=0.08)
    first = pick("random", scores, chosen, seed=5)
    assert len(first.rows) == len(first.reasons) == 16
    assert len(set(first.rows.tolist())) == 16
    assert first.rows.tolist() == pick("random", scores, chosen, seed=5).rows.tolist()
    assert first.rows.tolist() != pick("random", scores, chosen, seed=6).rows.tolist()
    assert len(pick("random", scores, settings(share=0.0)).rows) == 0


def test_random_gives_every_frame_the_same_chance():
    scores, chosen = block(np.ones((20, 2))), settings(share=0.25)
    generator = np.random.default_rng(1)
    counts = np.zeros(20)
    for _ in range(2000):
        counts[strategies.find("random")(scores, chosen, generator).rows] += 1
    # binomial with p = 0.25: mean 500, standard deviation 19.4
    assert counts.sum() == 10000
    assert np.abs(counts - 500).max() < 5 * 19.4


def test_the_setting_names_the_files_there_are():
    literal = Distillation.model_fields["strategy"].annotation
    assert sorted(typing.get_args(literal)) == strategies.names()


def test_an_unknown_strategy_is_named_with_the_known_ones():
    with pytest.raises(PotstillError, match="'psychic' is unknown; use one of outlying_atom, rand"):
        strategies.find("psychic")


def test_scores_file_returns_what_was_written_and_repeats_its_bytes(tmp_path):
    scores = BlockScores("Ni", np.random.default_rng(0).random((3, 4)), np.arange(6, 9))
    write_scores(tmp_path / "a.h5", scores)
    write_scores(tmp_path / "b.h5", scores)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    again = read_scores(tmp_path / "a.h5")
    assert again.symbol == "Ni"
    np.testing.assert_array_equal(again.atomic_std, scores.atomic_std)
    np.testing.assert_array_equal(again.frame_index, scores.frame_index)


def test_a_broken_scores_file_is_named(tmp_path):
    path = tmp_path / "scores.h5"
    path.write_bytes(b"half a file")
    with pytest.raises(PotstillError, match=r"scores\.h5: not a complete score file"):
        read_scores(path)
    write_scores(path, BlockScores("Ni", np.array([[np.nan]]), np.array([0])))
    with pytest.raises(PotstillError, match="not finite"):
        read_scores(path)
