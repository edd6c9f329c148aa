"""Grid-based distillation of a set, as a file."""

from dataclasses import replace

import numpy as np
import pytest

from potstill.data.frames import read_frames, write_frames
from potstill.errors import PotstillError
from potstill.paper.grid_cells import distil_grid


def test_the_file_repeats_its_bytes_and_names_its_frames(make_set, tmp_path):
    path, frames = make_set(300)
    for name, seed in (("a.h5", 1), ("b.h5", 1), ("c.h5", 2)):
        distil_grid(path, cells=(4, 4), seed=seed, output=tmp_path / name)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    assert (tmp_path / "a.h5").read_bytes() != (tmp_path / "c.h5").read_bytes()
    taken = read_frames(tmp_path / "a.h5")
    assert len(taken) == 16
    index = taken.columns["source_index"]
    assert (np.diff(index) > 0).all()
    np.testing.assert_array_equal(taken.positions, frames[index].positions)


def test_a_set_without_order_parameter_is_named(make_set, tmp_path):
    path, frames = make_set(10)
    write_frames(path, replace(frames, columns={"enthalpy": frames.columns["enthalpy"]}))
    with pytest.raises(PotstillError, match=r"momt\.h5: lacks the column\(s\) order_parameter"):
        distil_grid(path, cells=(2, 2), seed=0, output=tmp_path / "grid.h5")
