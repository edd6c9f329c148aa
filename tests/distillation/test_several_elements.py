"""The strategies on frames of several elements and sizes."""

import itertools
from dataclasses import replace

import ase.build
import numpy as np
import pytest
from alloys import images, random_scores
from scipy.spatial.distance import cdist

from potstill.data.structures import Structures
from potstill.descriptors.symmetry_functions import describe
from potstill.distillation import strategies
from potstill.distillation.candidates import Candidates
from potstill.distillation.cover import CoverByKind, greedy_cover
from potstill.distillation.scores import BlockScores
from potstill.distillation.strategies import d_optimal, set_cover
from potstill.errors import PotstillError
from potstill.settings import Descriptor, Distillation

DESCRIPTOR = Descriptor(radial_shifts=5, angular_shifts=2, angle_sections=2)
GEOMETRIC = ["d_optimal", "direct", "farthest_point", "random_then_farthest", "set_cover"]


def settings(**changes):
    return Distillation(source="WBe/mixed/dft", **{"threshold": None, **changes})


def candidates(frames, kept=(), **others):
    """Return ASE's frames as candidates, with scores, H and O."""
    own = Structures.of_atoms(frames)
    generator = np.random.default_rng(len(frames))
    found = {
        "scores": random_scores(own),
        "order": generator.random(len(own)),
        "enthalpy": generator.random(len(own)),
    }
    return Candidates(own, Structures.of_atoms(kept), DESCRIPTOR, **(found | others))


def pick(name, given, count, seed=0, **changes):
    chosen = settings(**changes)
    return strategies.find(name).pick(given, count, chosen, np.random.default_rng(seed))


@pytest.mark.parametrize("kept", [0, 7])
@pytest.mark.parametrize("name", strategies.names())
def test_every_strategy_picks_as_many_as_asked_once_each_and_repeats_itself(name, kept):
    frames = images(35 + kept)
    for count in (0, 1, 13, 35):
        picked = pick(name, candidates(frames[kept:], frames[:kept]), count, seed=5)
        assert len(picked.rows) == len(picked.reasons) == count
        assert len(set(picked.rows.tolist())) == count
        assert all(0 <= row < 35 for row in picked.rows)
        again = pick(name, candidates(frames[kept:], frames[:kept]), count, seed=5)
        assert again.rows.tolist() == picked.rows.tolist()


@pytest.mark.parametrize("name", GEOMETRIC)
@pytest.mark.parametrize("symbol, atom", [("H", 5), ("Re", 2)])
def test_what_only_one_frame_has_is_picked(name, symbol, atom):
    """Forty frames of tungsten, and one in which one of sixteen atoms is another element."""
    crystal = ase.build.bulk("W", "bcc", a=3.18, cubic=True) * 2
    generator = np.random.default_rng(1)
    frames = [crystal.copy() for _ in range(40)]
    for k, atoms in enumerate(frames):
        atoms.positions += (0.02 + 0.005 * k) * generator.normal(size=(16, 3))
    frames[17].symbols[atom] = symbol
    assert 17 in pick(name, candidates(frames), 10).rows


@pytest.mark.parametrize("name", GEOMETRIC)
def test_an_element_that_is_kept_alone_does_no_harm(name):
    """What stands for an element that no candidate has: the candidates are told apart as before."""
    alone = [atoms for atoms in images(36) if set(atoms.symbols) == {"W"}]
    others = [atoms for atoms in images(12, seed=1) if "Be" in atoms.symbols]
    given = candidates(alone, others)
    assert np.isfinite(given.features[0]).all() and np.isfinite(given.features[1]).all()
    assert len(set(pick(name, given, 5).rows.tolist())) == 5


def standardised(given):
    """Return the features of each candidate's atoms, standardised element by element, by hand."""
    elements = given.own.elements
    values = describe(given.own, DESCRIPTOR, elements)
    kinds = np.array([given.own.image(f).symbols for f in range(len(given))], dtype=object)
    symbols = np.concatenate([np.array(list(kind)) for kind in kinds])
    for element in elements:
        here = symbols == element
        values[here] -= values[here].mean(axis=0)
        values[here] /= np.maximum(values[here].std(axis=0), 1e-12)
    return [
        {e: values[here][symbols[here] == e] for e in elements}
        for here in map(given.own.of_atoms_in, range(len(given)))
    ]


def well_spread(frames):
    """Return candidates with few features, all of which vary in the atoms of all elements."""
    few = Descriptor(radial_shifts=1, angular_shifts=1, angle_sections=1)
    return Candidates(Structures.of_atoms(frames), Structures.of_atoms([]), few)


def test_points_are_means_deviations_and_shares():
    given = candidates(images(24))
    own = given.features[0]
    width = given.environments.own.shape[1]
    share = {e: np.mean(given.own.species == n) for e, n in (("Be", 4), ("W", 74))}
    varies = {e: np.zeros(width, dtype=bool) for e in share}
    values = describe(given.own, DESCRIPTOR, given.own.elements)
    for e, n in (("Be", 4), ("W", 74)):
        varies[e] = values[given.own.species == n].std(axis=0) > 1e-2
        assert varies[e].sum() > 5
    for point, by_element, size in zip(own, standardised(given), given.own.sizes, strict=True):
        for s, (element, atoms) in enumerate(by_element.items()):
            mean = point[2 * s * width :][:width][varies[element]]
            deviation = point[(2 * s + 1) * width :][:width][varies[element]]
            if not len(atoms):
                assert not mean.any() and not deviation.any()
                continue
            atoms = atoms[:, varies[element]]
            np.testing.assert_allclose(mean, atoms.mean(axis=0), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(deviation, atoms.std(axis=0), rtol=1e-4, atol=1e-5)
            x = share[element]
            expected = (len(atoms) / size - x) / np.sqrt(x * (1 - x))
            assert point[4 * width + s] == pytest.approx(expected)
    assert own.shape == (24, 2 * 2 * width + 2)


def test_points_of_one_element_and_size_are_those_of_whole_arrays():
    """To the last digit what numpy gives of arrays of frames and atoms."""
    crystal = ase.build.bulk("W", "bcc", a=3.18, cubic=True) * 2
    generator = np.random.default_rng(1)
    frames = [crystal.copy() for _ in range(9)]
    for atoms in frames:
        atoms.positions += 0.2 * generator.normal(size=(16, 3))
    given = candidates(frames)
    whole = given.own.dense(given.environments.own)
    mean, deviation = (f(whole, axis=1, dtype=np.float64) for f in (np.mean, np.std))
    np.testing.assert_array_equal(given.features[0], np.concatenate([mean, deviation], axis=1))
    rows = d_optimal.model_rows(given.moments[0])
    np.testing.assert_array_equal(rows, np.concatenate([np.ones((9, 1)), mean], axis=1))


def test_a_supercell_is_the_same_frame():
    frames = images(12)
    frames[8].pbc = frames[9].pbc = True
    given = candidates([*frames, frames[8] * (2, 1, 1), frames[9] * (1, 2, 1)])
    points, rows = given.features[0], d_optimal.model_rows(given.moments[0])
    for values in (points, rows):
        np.testing.assert_allclose(values[12:], values[[8, 9]], atol=1e-5)
        assert np.linalg.norm(values[8] - values[9]) > 1


def test_d_optimal_is_the_best_of_all_subsets():
    """Against the determinants of all choices of a linear model of two elements, made by hand."""
    frames = images(60, seed=3)[30:39]
    given = well_spread(frames)
    elements, rows = given.own.elements, []
    # one radial function of each element, and one angular one of each pair
    assert elements == ("Be", "W") and given.environments.own.shape[1] == 5
    for f in range(len(given)):
        here = given.own.of_atoms_in(f)
        symbols = np.array(given.own.image(f).symbols)
        own = given.environments.own[here].astype(float)
        row = [np.mean(symbols == e) for e in elements]
        for e in elements:
            row += list(own[symbols == e].sum(axis=0) / len(symbols))
        rows.append(row)
    rows = np.array(rows)
    np.testing.assert_allclose(d_optimal.model_rows(given.moments[0]), rows, atol=1e-6)

    def determinant(chosen):
        x = rows[list(chosen)]
        return np.linalg.slogdet(d_optimal.RIDGE * np.eye(rows.shape[1]) + x.T @ x)[1]

    for count in (2, 4, 6):
        best = max(itertools.combinations(range(len(rows)), count), key=determinant)
        picked = strategies.find("d_optimal").pick(
            given, count, settings(), np.random.default_rng(0)
        )
        assert sorted(picked.rows.tolist()) == list(best)


def by_kind(values, kinds):
    return {kind: values[kinds == kind] for kind in set(kinds.tolist())}


@pytest.mark.parametrize("seed", range(5))
def test_cover_by_kind_and_groups_of_several_sizes(seed):
    """Each step of the greedy choice against counting all pairs."""
    generator = np.random.default_rng(seed)
    sizes = generator.integers(1, 6, size=15)
    kinds = generator.choice([4, 74], size=sizes.sum())
    values = generator.normal(size=(sizes.sum(), 3)).astype(np.float32)
    frame = np.repeat(np.arange(15), sizes)
    near = (cdist(values, values) <= 0.9) & (kinds[:, None] == kinds)
    covers = np.array([near[frame == f].any(axis=0) for f in range(15)])
    groups = [by_kind(values[frame == f], kinds[frame == f]) for f in range(15)]
    cover = CoverByKind(by_kind(values, kinds), 0.9)
    assert [cover.gain(group) for group in groups] == covers.sum(axis=1).tolist()
    done = np.zeros(len(values), dtype=bool)
    for group, gain in greedy_cover(cover, groups):
        gains = (covers & ~done).sum(axis=1)
        assert gain == gains[group] == gains.max()
        done |= covers[group]
        assert cover.left() == (~done).sum()
    assert done.all()


def test_environments_stand_for_those_of_their_own_element(recwarn):
    """Atoms of two elements at the same points; one atom alone; queries of an unknown element."""
    points = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    cover = CoverByKind({4: points, 74: points, 1: points[:1]}, 10.0)
    assert cover.gain({74: points[:1], 6: points}) == 20
    assert cover.cover({4: points[:1]}) == 20 and cover.left() == 21
    assert cover.cover({1: points[:1]}) == 1
    cover.reset(5.0)
    assert cover.left() == 41 and cover.radius == 5.0
    assert not recwarn.list


def test_set_cover_by_radius_covers_each_element_by_its_own():
    given = candidates(images(30), images(3, seed=1))
    chosen = {"radius": 2.0}
    rows = pick("set_cover", given, 0, **chosen).rows
    assert 0 < len(rows) < 30
    for number in (4, 74):
        atoms = given.own.species == number
        picked = np.zeros(len(atoms), dtype=bool)
        picked[given.own.rows(rows)] = True
        centres = [given.environments.own[atoms & picked]]
        centres += [given.environments.kept[given.kept.species == number]]
        nearest = cdist(given.environments.own[atoms], np.concatenate(centres)).min(axis=1)
        assert nearest.max() <= 2.0 + 1e-5


def test_the_first_radius_of_an_element_that_no_drawn_frame_has_is_finite():
    frames = [atoms for atoms in images(60) if len(set(atoms.symbols)) == 1]
    for seed in range(8):
        radius = set_cover.first_radius(candidates(frames), 1, np.random.default_rng(seed))
        assert set_cover.SMALLEST_RADIUS < radius < 100


def scored(sizes, atomic_std, energy_std=None):
    """Return candidates of these sizes with the given uncertainties, eV."""
    frames = Structures.of_atoms([ase.Atoms(f"W{n}") for n in sizes])
    energy = np.zeros(len(sizes)) if energy_std is None else np.array(energy_std)
    atomic = None if atomic_std is None else np.array(atomic_std, dtype=float)
    scores = BlockScores("W", frames.start, atomic, energy, np.arange(len(sizes)))
    return Candidates(frames, frames.structures([]), DESCRIPTOR, scores)


def test_an_outlying_atom_stands_out_from_its_own_frame():
    # z of one against nine equal ones is 3; of one of two 1; one atom stands out from nothing
    given = scored([2, 10, 1, 4], [1.0, 5, *[1] * 8, 3, 1, 9.0, 1, 2, 3, 4])
    for threshold, rows in ((2.9, [1]), (1.2, [1, 3]), (0.9, [0, 1, 3])):
        picked = pick("outlying_atom", given, 0, threshold=threshold)
        assert picked.rows.tolist() == rows
        assert picked.reasons[rows.index(1)] == "atom 8 has z = 3.000"
    assert pick("outlying_atom", given, 3).rows.tolist() == [1, 3, 0]
    with pytest.raises(PotstillError, match=r"frames of at most 10 atoms, whose z is at most sqrt"):
        pick("outlying_atom", given, 0, threshold=3.1)


def test_sigma_is_of_the_atom_or_by_the_root_of_the_frames_atoms():
    given = scored([1, 4, 2], [2e-3, *[1e-3] * 3, 4e-3, 3e-3, 1e-3], [3e-3, 5e-3, 4e-3])
    picked = pick("atom_sigma", given, 2)
    assert picked.rows.tolist() == [1, 2]
    assert picked.reasons == ["atom 3 has sigma = 4.00 meV", "atom 0 has sigma = 3.00 meV"]
    picked = pick("frame_sigma", given, 3)
    assert picked.rows.tolist() == [0, 2, 1]
    assert picked.reasons[::2] == ["sigma/sqrt(N) = 3.00 meV", "sigma/sqrt(N) = 2.50 meV"]


def test_a_committee_without_energies_of_atoms():
    given = candidates(images(20))
    given = replace(given, scores=replace(given.scores, atomic_std=None))
    for name in ("frame_sigma", "cluster_sigma", "force_sigma"):
        assert len(pick(name, given, 6).rows) == 6
    for name in ("atom_sigma", "outlying_atom"):
        with pytest.raises(PotstillError, match=r"without energies of atoms.*frame_sigma"):
            pick(name, given, 6)
