"""Grid-based distillation: one frame for each occupied cell of the (enthalpy, order) plane."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.data.frames import read_frames, write_frames
from potstill.errors import PotstillError
from potstill.runtime.progress import say
from potstill.runtime.streams import stream

Floats = NDArray[np.float64]


def _cell_index(values: Floats, cells: int) -> NDArray[np.int64]:
    """Return which of `cells` equal parts of [min, max] each value lies in (the last is closed)."""
    low, high = values.min(), values.max()
    if high == low:
        return np.zeros(len(values), dtype=np.int64)
    return np.minimum((values - low) / (high - low) * cells, cells - 1).astype(np.int64)


def grid_indices(
    enthalpy: Floats, order: Floats, cells: tuple[int, int], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Return the index of one random frame in each occupied cell, in increasing order.

    The cells divide the range of `enthalpy` (F,) and of `order` (F,) in equal parts.
    """
    cell = _cell_index(enthalpy, cells[0]) * cells[1] + _cell_index(order, cells[1])
    shuffled = generator.permutation(len(cell))
    # the first frame of each cell in a random order is a uniform draw from that cell
    _, first = np.unique(cell[shuffled], return_index=True)
    return np.sort(shuffled[first])


def distil_grid(frames: Path, *, cells: tuple[int, int], seed: int, output: Path) -> None:
    """Write one frame for each occupied (H, O) cell of a sampled set.

    The output is a frame file in the order of time with the further column `source_index`.
    Raises PotstillError when `frames` lacks the columns enthalpy and order_parameter.
    """
    source = read_frames(frames)
    missing = [name for name in ("enthalpy", "order_parameter") if name not in source.columns]
    if missing:
        raise PotstillError(f"{frames}: lacks the column(s) {', '.join(missing)}; sample it again")
    generator = stream(seed, "grid", source.symbol, *cells)
    index = grid_indices(
        source.columns["enthalpy"].astype(np.float64),
        source.columns["order_parameter"].astype(np.float64),
        cells,
        generator,
    )
    chosen = source[index]
    chosen.columns["source_index"] = index
    write_frames(output, chosen)
    say(f"{len(index)} of {cells[0] * cells[1]} (H, O) cells hold frames; one frame taken of each")
