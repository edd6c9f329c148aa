"""Frames of a pool, as many as another set holds."""

import numpy as np
import pytest

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.paper.as_many import equal_count, select_as_many
from potstill.runtime.files import read_json
from potstill.settings import Descriptor


def frames(count, atoms, symbol="Al"):
    generator = np.random.default_rng(atoms)
    return Frames.uniform(
        symbol,
        generator.random((count, atoms, 3)) * 8,
        np.tile(8 * np.eye(3), (count, 1, 1)),
        energy=generator.random(count),
        atomic_energies=np.zeros(count * atoms),
        forces=np.zeros((count * atoms, 3)),
        stress=np.zeros((count, 3, 3)),
        columns={"enthalpy": generator.random(count), "order_parameter": generator.random(count)},
    )


@pytest.mark.parametrize(
    "of, translated, atoms, pool, expected",
    [
        ("frames", 20, 32, 50, 20),
        ("atoms", 20, 32, 50, 6),  # 640 atoms are 5.9 frames of 108
        ("atoms", 1, 32, 50, 1),
        ("frames", 80, 32, 50, 50),
    ],
)
def test_equal_count(of, translated, atoms, pool, expected):
    assert equal_count(frames(translated, atoms), frames(pool, 108), of) == expected


@pytest.mark.parametrize("strategy, labelled", [("random", 6), ("grid", 50)])
def test_choice(tmp_path, strategy, labelled):
    """A grid in (H, O) pays for the labels of the whole pool."""
    write_frames(tmp_path / "distilled.h5", frames(20, 32, "Ni"))
    write_frames(tmp_path / "pool.h5", frames(50, 108))
    select_as_many(
        tmp_path / "distilled.h5",
        tmp_path / "pool.h5",
        of="atoms",
        strategy=strategy,
        descriptor=Descriptor(),
        seed=3,
        selection=tmp_path / "chosen.h5",
        summary=tmp_path / "chosen.json",
    )
    chosen, pool = read_frames(tmp_path / "chosen.h5"), read_frames(tmp_path / "pool.h5")
    index = chosen.columns["pool_index"]
    assert len(set(index.tolist())) == len(chosen) == 6
    np.testing.assert_array_equal(chosen.positions, pool[index].positions)
    assert read_json(tmp_path / "chosen.json")["labelled"] == labelled
