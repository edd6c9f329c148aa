"""The strategy `grid`: one frame for each occupied cell."""

import numpy as np
import pytest

from potstill.data.frames import Frames
from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import grid
from potstill.distillation.strategies.grid import grid_indices
from potstill.errors import PotstillError
from potstill.settings import Descriptor, Distillation


def test_frames_without_a_plane_are_refused():
    positions = np.random.default_rng(0).random((5, 4, 3)) * 5
    frames = Frames.uniform("Cu", positions, np.tile(5 * np.eye(3), (5, 1, 1)))
    candidates = Candidates.of(
        frames, frames[:0], descriptor=Descriptor(), scores=None, labels=True
    )
    settings = Distillation(source="Cu/4/dft", strategy="grid")
    with pytest.raises(PotstillError, match="as those from a file do; use a strategy other than"):
        grid.pick(candidates, 2, settings, np.random.default_rng(0))


def plane(cells):
    """Return H and O of three frames in the middle of each of the given cells of a 4 x 5 grid.

    Two extreme frames, in the first and the last cell, fix the range to [0, 4] x [0, 5].
    """
    middle = np.repeat(np.array(cells, dtype=float) + 0.5, 3, axis=0)
    return np.concatenate([[[0.0, 0.0], [4.0, 5.0]], middle]).T


def test_one_frame_of_each_occupied_cell():
    enthalpy, order = plane([(1, 1), (3, 0), (0, 4)])
    index = grid_indices(enthalpy, order, (4, 5), np.random.default_rng(0))
    assert len(index) == 5
    assert index[:2].tolist() == [0, 1]
    cells = {(int(h), int(o)) for h, o in zip(enthalpy[index[2:]], order[index[2:]], strict=True)}
    assert cells == {(1, 1), (3, 0), (0, 4)}


def test_every_frame_of_a_cell_can_be_taken():
    enthalpy, order = plane([(2, 2)])
    generator = np.random.default_rng(3)
    taken = [grid_indices(enthalpy, order, (4, 5), generator)[2] for _ in range(600)]
    counts = np.bincount(taken, minlength=5)[2:]
    assert np.abs(counts - 200).max() < 5 * np.sqrt(600 * 2 / 9)


def test_a_full_grid_and_a_single_cell():
    h, o = np.meshgrid(np.arange(40) / 39, np.arange(40) / 39)
    generator = np.random.default_rng(0)
    assert len(grid_indices(h.ravel(), o.ravel(), (8, 16), generator)) == 128
    assert len(grid_indices(h.ravel(), o.ravel(), (1, 1), generator)) == 1
    assert len(grid_indices(np.ones(9), np.ones(9), (8, 8), generator)) == 1
