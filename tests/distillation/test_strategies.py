"""The selection strategies on hand-made uncertainties with known answers."""

import dataclasses
import typing

import h5py
import numpy as np
import pytest

from potstill.data.structures import Structures
from potstill.distillation import strategies
from potstill.distillation.candidates import Candidates
from potstill.distillation.scores import BlockScores, read_scores, write_scores
from potstill.distillation.strategies.outlying_atom import outlying_scores
from potstill.errors import PotstillError
from potstill.settings import Descriptor, Distillation


def settings(**changes):
    return Distillation(source="Ni/32/momt", **changes)


def block(atomic_std, energy_std=None):
    """Return candidates with the given uncertainties, and nothing else to tell them apart."""
    atomic_std = np.asarray(atomic_std, dtype=float)
    count, atoms = atomic_std.shape
    energy_std = np.zeros(count) if energy_std is None else np.asarray(energy_std, dtype=float)
    frames = Structures.uniform("Ni", np.zeros((count, atoms, 3)), np.zeros((count, 3, 3)))
    scores = BlockScores("Ni", frames.start, atomic_std.ravel(), energy_std, np.arange(count))
    return Candidates(frames, frames.structures([]), Descriptor(), scores)


def pick(name, candidates, chosen, count=0, seed=0):
    return strategies.find(name).pick(candidates, count, chosen, np.random.default_rng(seed))


def test_z_of_one_atom_against_equal_ones_is_its_bound():
    z = outlying_scores(np.array([1.0] * 9 + [2.0] + [1e-3] * 9 + [7e-3]), np.array([10, 10]))
    z = z.reshape(2, 10)
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


def test_without_a_threshold_the_most_outlying_are_picked():
    scores = block([[0.0] * 8 + [3.0, 4.0], [0.3] * 10, [0.0] * 9 + [1.0], list(range(10))])
    rows = pick("outlying_atom", scores, settings(threshold=None), count=2).rows
    assert rows.tolist() == [2, 0]


def test_atom_sigma_is_of_the_atom_alone():
    # the second frame is uncertain all over, which no z would show
    scores = block([[1e-3, 1e-3, 5e-3], [9e-3, 9e-3, 9e-3], [1e-3, 6e-3, 1e-3]])
    picked = pick("atom_sigma", scores, settings(sigma_meV=5.5))
    assert picked.rows.tolist() == [1, 2]
    assert picked.reasons[1] == "atom 1 has sigma = 6.00 meV"
    assert pick("atom_sigma", scores, settings(), count=2).rows.tolist() == [1, 2]


def test_force_sigma_is_of_the_atom_alone():
    scores = block(np.zeros((4, 3)))
    with pytest.raises(PotstillError, match="hold no sigma of forces"):
        pick("force_sigma", scores, settings(), count=2)
    sigma = np.array([[3, 3, 3], [0, 0, 5.5], [4, 1, 1], [5.4, 5.4, 5.4]]) / 1e3
    scores = dataclasses.replace(
        scores, scores=dataclasses.replace(scores.scores, force_std=sigma.ravel())
    )
    picked = pick("force_sigma", scores, settings(), count=2)
    assert picked.rows.tolist() == [1, 3]
    assert picked.reasons[0] == "the force on atom 2 has sigma = 5.5 meV/A"


def test_frame_sigma_is_of_the_energy_by_the_root_of_the_atoms():
    scores = block(np.ones((3, 4)), energy_std=[2e-3, 9e-3, 4e-3])
    picked = pick("frame_sigma", scores, settings(sigma_meV=1.5))
    assert picked.rows.tolist() == [1, 2]
    assert picked.reasons == ["sigma/sqrt(N) = 4.50 meV", "sigma/sqrt(N) = 2.00 meV"]
    assert pick("frame_sigma", scores, settings(), count=1).rows.tolist() == [1]


def test_random_gives_every_frame_the_same_chance():
    candidates, chosen = block(np.ones((20, 2))), settings()
    generator = np.random.default_rng(1)
    counts = np.zeros(20)
    for _ in range(2000):
        counts[strategies.find("random").pick(candidates, 5, chosen, generator).rows] += 1
    # binomial with p = 0.25: mean 500, standard deviation 19.4
    assert counts.sum() == 10000
    assert np.abs(counts - 500).max() < 5 * 19.4


@pytest.mark.parametrize("kept", [0, 7])
@pytest.mark.parametrize("name", strategies.names())
def test_every_strategy_picks_as_many_as_asked_once_each_and_repeats_itself(
    make_candidates, name, kept
):
    chosen = settings(threshold=None)
    for count in (0, 1, 13, 40):
        picked = pick(name, make_candidates(40, kept), chosen, count=count, seed=5)
        assert len(picked.rows) == len(picked.reasons) == count
        assert sorted(set(picked.rows.tolist())) == sorted(picked.rows.tolist())
        assert all(0 <= row < 40 for row in picked.rows)
        again = pick(name, make_candidates(40, kept), chosen, count=count, seed=5)
        assert again.rows.tolist() == picked.rows.tolist()


@pytest.mark.parametrize("name", ["random", "grid", "farthest_point", "direct"])
def test_another_seed_another_choice(make_candidates, name):
    rows = [pick(name, make_candidates(40), settings(), count=9, seed=s).rows for s in range(4)]
    assert len({tuple(sorted(r.tolist())) for r in rows}) > 1


def test_half_at_random_and_the_rest_farthest_from_all_before(make_candidates):
    candidates = make_candidates(40, 7)
    rows = pick("random_then_farthest", candidates, settings(), count=13).rows
    assert rows[:7].tolist() == pick("random", candidates, settings(), count=7).rows.tolist()
    points, kept = candidates.features
    for k in range(7, 13):
        before = np.concatenate([kept, points[rows[:k]]])
        nearest = np.linalg.norm(points[:, None] - before, axis=2).min(axis=1)
        assert nearest[rows[k]] == pytest.approx(nearest.max())


@pytest.mark.parametrize("name", strategies.names())
def test_equal_frames_are_no_trap(make_candidates, name):
    one = make_candidates(1)
    twelve = one.own.structures([0] * 12)
    scores = BlockScores("Ni", twelve.start, np.ones(48), np.ones(12), np.arange(12), np.ones(48))
    plane = {"order": np.ones(12), "enthalpy": np.ones(12)}
    same = dataclasses.replace(one, own=twelve, **plane, scores=scores)
    rows = pick(name, same, settings(threshold=None), count=5).rows
    assert len(set(rows.tolist())) == 5


@pytest.mark.parametrize("name", strategies.names())
def test_only_those_that_say_so_need_scores_or_labels(make_candidates, name):
    strategy = strategies.find(name)
    full, chosen = make_candidates(30), settings(threshold=None)
    blind = dataclasses.replace(full, scores=None, enthalpy=None)
    if strategy.needs_scores or strategy.needs_labels:
        with pytest.raises(PotstillError, match=r"no scores|lack the columns"):
            pick(name, blind, chosen, count=6)
    else:
        rows = pick(name, full, chosen, count=6).rows.tolist()
        assert pick(name, blind, chosen, count=6).rows.tolist() == rows


@pytest.mark.parametrize("name", strategies.names())
def test_only_those_that_say_so_need_forces(make_candidates, name):
    full, chosen = make_candidates(30), settings(threshold=None)
    bare = dataclasses.replace(full, scores=dataclasses.replace(full.scores, force_std=None))
    if strategies.find(name).needs_forces:
        with pytest.raises(PotstillError, match="hold no sigma of forces"):
            pick(name, bare, chosen, count=6)
    else:
        rows = pick(name, full, chosen, count=6).rows.tolist()
        assert pick(name, bare, chosen, count=6).rows.tolist() == rows


def test_labels_reach_only_who_asks_for_them(make_set):
    _, frames = make_set(10)
    kwargs = {"descriptor": Descriptor(), "scores": None}
    hidden = Candidates.of(frames, frames[:0], labels=False, **kwargs)
    assert hidden.enthalpy is None and hidden.order is not None
    shown = Candidates.of(frames, frames[:0], labels=True, **kwargs)
    np.testing.assert_array_equal(shown.plane[0], frames.columns["enthalpy"] / 6)
    assert not hasattr(hidden.own, "energy") and not hasattr(shown.kept, "forces")


def test_the_setting_names_the_files_there_are():
    literal = Distillation.model_fields["strategy"].annotation
    assert sorted(typing.get_args(literal)) == strategies.names()


def test_an_unknown_strategy_is_named_with_the_known_ones():
    with pytest.raises(PotstillError, match="'psychic' is unknown; use one of atom_sigma, cl"):
        strategies.find("psychic")


@pytest.mark.parametrize(
    "start, of_atoms, shapes",
    [
        ((0, 4, 8, 12), True, {"atomic_std": (3, 4), "force_std": (3, 4)}),
        ((0, 4, 5, 12), True, {"atomic_std": (12,), "force_std": (12,), "start": (4,)}),
        ((0, 4, 8, 12), False, {"start": (4,)}),
        ((0, 4, 5, 12), False, {"start": (4,)}),
    ],
)
def test_scores_file_returns_what_was_written_and_repeats_its_bytes(
    tmp_path, start, of_atoms, shapes
):
    generator = np.random.default_rng(0)
    start, atomic = np.array(start), generator.random(start[-1]) if of_atoms else None
    force = None if atomic is None else 2 * atomic
    scores = BlockScores("Ni", start, atomic, generator.random(3), np.arange(6, 9), force)
    write_scores(tmp_path / "a.h5", scores)
    write_scores(tmp_path / "b.h5", scores)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    with h5py.File(tmp_path / "a.h5") as store:
        found = {name: store[name].shape for name in store}
    assert found == {"energy_std": (3,), "frame_index": (3,), **shapes}
    again = read_scores(tmp_path / "a.h5")
    assert again.symbol == "Ni"
    np.testing.assert_array_equal(again.start, scores.start)
    np.testing.assert_array_equal(again.atomic_std, scores.atomic_std)
    np.testing.assert_array_equal(again.force_std, scores.force_std)
    np.testing.assert_array_equal(again.energy_std, scores.energy_std)
    np.testing.assert_array_equal(again.frame_index, scores.frame_index)


def test_a_broken_scores_file_is_named(tmp_path):
    path = tmp_path / "scores.h5"
    path.write_bytes(b"half a file")
    with pytest.raises(PotstillError, match=r"scores\.h5: not a score file of Potstill but text"):
        read_scores(path)
    bad = BlockScores("Ni", np.arange(2), np.array([np.nan]), np.array([1.0]), np.array([0]))
    write_scores(path, bad)
    with pytest.raises(PotstillError, match="not finite"):
        read_scores(path)
