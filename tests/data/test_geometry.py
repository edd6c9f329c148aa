"""Whatever evaluates a geometry refuses what cannot be evaluated, by frame and atom."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from potstill.data.geometry import check_geometry
from potstill.errors import PotstillError

Floats = NDArray[np.float64]


def frames() -> tuple[Floats, Floats]:
    random = np.random.default_rng(0)
    return random.random((3, 4, 3)), np.stack([3.0 * np.eye(3)] * 3)


def spoilt(which: int, place: tuple[int, ...], value: float) -> tuple[Floats, Floats]:
    both = frames()
    both[which][place] = value
    return both


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (spoilt(0, (2, 1, 0), np.nan), "^frame 2: the position of atom 1 is not finite"),
        (spoilt(0, (1, 3, 2), -np.inf), "^frame 1: the position of atom 3 is not finite"),
        (spoilt(1, (2, 1, 1), np.nan), "^frame 2: its cell is not finite"),
        (spoilt(1, (1, 0, 2), np.inf), "^frame 1: its cell is not finite"),
        (spoilt(1, (1, 2, 2), 0.0), "^frame 1: its cell has no volume"),
        ((frames()[0][:, :0], frames()[1]), "^frame: it has no atoms"),
    ],
)
def test_bad_frames_are_named(bad: tuple[Floats, Floats], message: str) -> None:
    with pytest.raises(PotstillError, match=message):
        check_geometry(*bad)


def test_good_frames_and_none_pass() -> None:
    none: Callable[[Floats], Floats] = lambda array: array[:0]  # noqa: E731
    check_geometry(*frames())
    check_geometry(*map(none, frames()))
