"""Grid-based distillation: one frame for each occupied cell of the (enthalpy, order) plane."""

from pathlib import Path

import numpy as np

from potstill.data.frames import read_frames, write_frames
from potstill.distillation.strategies.grid import grid_indices
from potstill.errors import PotstillError
from potstill.runtime.progress import say
from potstill.runtime.streams import stream


def distil_grid(frames: Path, *, cells: tuple[int, int], seed: int, output: Path) -> None:
    """Write one frame for each occupied (H, O) cell of a sampled set.

    The output is a frame file in the order of time with the further column `source_index`.
    Raises PotstillError when `frames` lacks the columns enthalpy and order_parameter.
    """
    source = read_frames(frames)
    missing = [name for name in ("enthalpy", "order_parameter") if name not in source.columns]
    if missing:
        raise PotstillError(
            f"{frames}: lacks the column(s) {', '.join(missing)}, as sets from a file do; name a "
            "sampled set"
        )
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
