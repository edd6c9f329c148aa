"""The data sets of the iterations: what they hold, and what they refuse."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from alloys import images, random_scores

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.distillation.blocks import block_range
from potstill.distillation.scores import BlockScores, write_scores
from potstill.distillation.select import select_block
from potstill.errors import PotstillError
from potstill.runtime.files import read_json
from potstill.settings import Descriptor, Distillation

ATOMS = 6  # z is at most sqrt(5) = 2.236


def settings(**changes):
    values = {"blocks": 3, "strategy": "outlying_atom", "threshold": 2.0, **changes}
    return Distillation(source="Ni/32/momt", **values)


def outlying(block, picked):
    """Return scores of a block in which just the frames `picked` hold an outlying atom."""
    atomic_std = np.tile(np.array([1.0, 2, 1, 2, 1, 2]), (len(block), 1))
    for index in picked:
        atomic_std[index - block.start] = [1, 1, 1, 9, 1, 1]
    start = ATOMS * np.arange(len(block) + 1)
    return BlockScores("Ni", start, atomic_std.ravel(), atomic_std.sum(axis=1), np.array(block))


@pytest.fixture
def run(make_set, tmp_path):
    """Return a function that runs the iterations on 20 frames, given what each shall pick."""

    def go(picks, count=20, **changes):
        path, frames = make_set(count, ATOMS)
        chosen = settings(**changes)
        selections, summaries = [], []
        for k in range(len(picks) + 1):
            scores = None
            if k:
                scores = tmp_path / str(k) / "scores.h5"
                block = block_range(count, chosen.blocks, k)
                write_scores(scores, outlying(block, picks[k - 1]))
            selection = tmp_path / str(k) / "selection.h5"
            summary = tmp_path / str(k) / "summary.json"
            select_block(
                path,
                previous=selections[-1] if k else None,
                scores=scores,
                iteration=k,
                settings=chosen,
                descriptor=Descriptor(),
                seed=7,
                selection=selection,
                summary=summary,
            )
            selections.append(selection)
            summaries.append(read_json(summary))
        return frames, selections, summaries

    return go


@pytest.mark.parametrize(("frames", "blocks"), [(20, 3), (20000, 10), (11, 10), (7, 7), (101, 4)])
def test_blocks_hold_every_frame_once_and_are_of_equal_size(frames, blocks):
    parts = [block_range(frames, blocks, b) for b in range(blocks)]
    assert [i for part in parts for i in part] == list(range(frames))
    sizes = {len(part) for part in parts}
    assert max(sizes) - min(sizes) <= 1
    assert (frames % blocks == 0) == (len(sizes) == 1)


def test_blocks_that_do_not_exist_are_refused():
    with pytest.raises(PotstillError, match="from 0 to 9"):
        block_range(100, 10, 10)
    with pytest.raises(PotstillError, match="cannot be cut into 10 blocks"):
        block_range(9, 10, 0)


def test_iteration_zero_is_the_whole_first_block(run):
    frames, selections, summaries = run([])
    first = read_frames(selections[0])
    np.testing.assert_array_equal(first.positions, frames[:6].positions)
    np.testing.assert_array_equal(first.energy, frames.energy[:6])
    np.testing.assert_array_equal(first.columns["source_index"], np.arange(6))
    assert (first.columns["iteration"] == 0).all()
    assert summaries[0]["added"] == summaries[0]["frames"] == summaries[0]["block_frames"] == 6
    assert summaries[0]["dropped"] == 0
    assert summaries[0]["converged"] is False


def test_each_iteration_adds_just_the_outlying_frames(run):
    frames, selections, summaries = run([[8, 12], [13]])
    last = read_frames(selections[2])
    expected = [0, 1, 2, 3, 4, 5, 8, 12, 13]
    assert last.columns["source_index"].tolist() == expected
    assert last.columns["iteration"].tolist() == [0] * 6 + [1, 1, 2]
    for name in ("positions", "cell", "energy", "atomic_energies", "forces", "stress"):
        np.testing.assert_array_equal(getattr(last, name), getattr(frames[expected], name))
    np.testing.assert_array_equal(last.columns["enthalpy"], frames.columns["enthalpy"][expected])
    assert [s["block_frames"] for s in summaries] == [6, 7, 7]
    assert [s["added"] for s in summaries] == [6, 2, 1]
    assert [s["dropped"] for s in summaries] == [0, 5, 6]
    assert [s["frames"] for s in summaries] == [s["labelled"] for s in summaries] == [6, 8, 9]
    assert [s["seen"] for s in summaries] == [6, 13, 20]
    assert {s["atoms"] for s in summaries} == {ATOMS}
    assert summaries[2]["reasons"] == {"13": "atom 3 has z = 2.236"}
    assert "picked 2 of 7 frames (28.6%)" in summaries[1]["why"]


def test_a_data_set_contains_the_one_before_and_no_frame_twice(run):
    _, selections, _ = run([list(range(6, 13)), [13, 19]])
    sets = [read_frames(path).columns["source_index"].tolist() for path in selections]
    for smaller, larger in itertools.pairwise(sets):
        assert larger[: len(smaller)] == smaller
    assert len(set(sets[-1])) == len(sets[-1]) == 15


def test_converged_when_less_than_the_share_was_picked(run):
    _, _, summaries = run([[8, 12], [13]], converged_share=0.2)
    assert [s["converged"] for s in summaries] == [False, False, True]  # 1, 2/7, 1/7
    assert "less than the 20% that end the loop" in summaries[2]["why"]


def test_never_converged_at_share_zero(run):
    _, _, summaries = run([[], []])
    assert [s["added"] for s in summaries] == [6, 0, 0]
    assert not any(s["converged"] for s in summaries)


def test_random_draws_depend_on_seed_and_repeat_their_bytes(make_set, tmp_path):
    path, _ = make_set(90, ATOMS)
    block = block_range(90, 3, 1)
    write_scores(tmp_path / "scores.h5", outlying(block, []))

    def select(seed, name):
        select_block(
            path, previous=None, scores=None, iteration=0, settings=settings(),
            descriptor=Descriptor(), seed=seed, selection=tmp_path / "0.h5",
            summary=tmp_path / "0.json",
        )  # fmt: skip
        select_block(
            path, previous=tmp_path / "0.h5", scores=tmp_path / "scores.h5", iteration=1,
            settings=settings(strategy="random", share=0.2), descriptor=Descriptor(), seed=seed,
            selection=tmp_path / name, summary=tmp_path / "1.json",
        )  # fmt: skip
        return (tmp_path / name).read_bytes()

    assert select(1, "a.h5") == select(1, "b.h5")
    assert select(1, "a.h5") != select(2, "b.h5")
    assert len(read_frames(tmp_path / "b.h5")) == 30 + 6


def test_who_looks_at_labels_pays_for_them(run):
    """By the grid every frame seen is labelled, those of the first block included."""
    _, _, summaries = run([[8], [13]], strategy="grid", share=0.2)
    assert [s["frames"] for s in summaries] == [6, 7, 8]  # 20% of 7 frames is one
    assert [s["labelled"] for s in summaries] == [6, 13, 20]


def test_farthest_points_look_at_what_is_kept(make_set, tmp_path):
    """Of a block that repeats the first block but for one frame, that frame is picked."""
    path, frames = make_set(20, ATOMS)
    index = np.concatenate([np.arange(10), np.arange(9), [19]])
    write_frames(path, frames[index])
    block = block_range(20, 2, 1)
    write_scores(tmp_path / "scores.h5", outlying(block, []))
    chosen = settings(blocks=2, strategy="farthest_point", share=0.1)
    for k in range(2):
        select_block(
            path, previous=tmp_path / "0.h5" if k else None,
            scores=tmp_path / "scores.h5" if k else None, iteration=k, settings=chosen,
            descriptor=Descriptor(), seed=1, selection=tmp_path / f"{k}.h5",
            summary=tmp_path / "summary.json",
        )  # fmt: skip
    assert read_frames(tmp_path / "1.h5").columns["source_index"].tolist() == [*range(10), 19]


@pytest.mark.parametrize(
    "strategy", ["d_optimal", "frame_sigma", "atom_sigma", "force_sigma", "set_cover"]
)
def test_frames_of_several_elements_and_sizes(tmp_path, strategy):
    """Two blocks of a set of alloys, whose first has tungsten alone."""
    ordered = sorted(images(36), key=lambda atoms: "Be" in atoms.symbols)
    frames = Frames.of_atoms(ordered, energy=np.arange(36.0))
    write_frames(tmp_path / "dft.h5", frames)
    block = block_range(36, 3, 1)
    scores = random_scores(frames.structures(slice(block.start, block.stop)))
    scores = replace(scores, symbol="BeW", frame_index=np.array(block))
    write_scores(tmp_path / "scores.h5", scores)

    def select(k, found=tmp_path / "scores.h5", output="x"):
        select_block(
            tmp_path / "dft.h5", previous=tmp_path / "0.h5" if k else None, scores=found,
            iteration=k, settings=settings(strategy=strategy, share=0.25, threshold=None),
            descriptor=Descriptor(), seed=1, selection=tmp_path / f"{output}.h5",
            summary=tmp_path / "summary.json",
        )  # fmt: skip
        return read_frames(tmp_path / f"{output}.h5"), read_json(tmp_path / "summary.json")

    select(0, output="0")
    chosen, summary = select(1)
    index = chosen.columns["source_index"]
    assert len(set(index.tolist())) == len(chosen) == 12 + 3
    assert index[:12].tolist() == list(range(12)) and index[12:].min() >= 12
    expected = frames[index]
    for name in ("start", "species", "positions", "cell", "pbc", "energy"):
        np.testing.assert_array_equal(getattr(chosen, name), getattr(expected, name))
    assert summary["atoms"] is None
    assert summary["atoms_in_all"] == expected.sizes.sum()
    write_scores(tmp_path / "other.h5", replace(scores, start=np.roll(scores.start, 1)))
    if strategy.endswith("sigma"):
        with pytest.raises(PotstillError, match="holds no scores of block 1 of these BeW frames"):
            select(1, tmp_path / "other.h5")
    other = frames[np.arange(36)]
    other.species[0] = 1  # the same places
    write_frames(tmp_path / "dft.h5", other)
    with pytest.raises(PotstillError, match="was not selected from the frames before block 1"):
        select(1)


def test_files_of_another_run_are_refused(make_set, run, tmp_path):
    _, selections, _ = run([[8]])
    scores = tmp_path / "1" / "scores.h5"
    other, _ = make_set(40, ATOMS, name="other.h5")
    common = {
        "settings": settings(),
        "descriptor": Descriptor(),
        "seed": 7,
        "selection": tmp_path / "x.h5",
        "summary": tmp_path / "x.json",
    }
    with pytest.raises(PotstillError, match="was not selected from the frames before block 1"):
        select_block(other, previous=selections[0], scores=scores, iteration=1, **common)
    with pytest.raises(PotstillError, match="holds no scores of block 2"):
        select_block(
            tmp_path / "momt.h5", previous=selections[1], scores=scores, iteration=2, **common
        )
    with pytest.raises(PotstillError, match="needs the selection of iteration 0"):
        select_block(tmp_path / "momt.h5", previous=None, scores=scores, iteration=1, **common)
    with pytest.raises(PotstillError, match="needs the scores"):
        select_block(
            tmp_path / "momt.h5", previous=selections[0], scores=None, iteration=1, **common
        )
    with pytest.raises(PotstillError, match="lacks source_index, iteration"):
        select_block(tmp_path / "momt.h5", previous=other, scores=scores, iteration=1, **common)
    assert not (tmp_path / "x.h5").exists()
