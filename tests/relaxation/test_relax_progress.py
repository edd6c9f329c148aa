"""The time left of a relaxation: that of the atoms of the structures that have not ended."""

import time

import numpy as np
import pytest

from potstill.data.structures import Structures
from potstill.relaxation.relax_progress import RelaxProgress


def test_time_left_is_that_of_the_others_atoms(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    sizes = np.array([10, 10, 20, 40])
    start = np.concatenate([[0], np.cumsum(sizes)])
    count = sizes.sum()
    progress = RelaxProgress(
        Structures(
            start=start,
            species=np.full(count, 28),
            positions=np.zeros((count, 3)),
            cell=np.tile(np.eye(3), (4, 1, 1)),
            pbc=np.ones((4, 3), dtype=np.bool_),
        )
    )
    progress(np.array([0]))  # by an earlier attempt, in no time
    now[0] += 10
    progress(np.array([1]))  # 10 atoms in 10 s, and 60 are left
    now[0] += 20
    progress(np.array([2]))  # 30 atoms in 30 s, and 40 are left
    now[0] += 20
    progress(np.array([3]))
    assert capsys.readouterr().err.splitlines() == [
        "relax: 2/4 structures, 0.1 structures/s, 60 s left",
        "relax: 3/4 structures, 0.06667 structures/s, 40 s left",
        "relax: 4/4 structures, 0.06 structures/s",
    ]
