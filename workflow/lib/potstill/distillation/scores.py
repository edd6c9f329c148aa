"""The scores of a block: what the ensemble says about its frames, and their file."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.runtime.files import atomic_path
from potstill.runtime.unreadable import HDF5, unreadable


@dataclass(frozen=True)
class BlockScores:
    """What the ensemble says about a block of B frames of N atoms, without any label.

    symbol: the element. atomic_std (B, N): standard deviation over the members of each atom's
    energy, eV. energy_std (B,): that of the frame's energy, eV. frame_index (B,): index of each
    frame in the sampled set.
    """

    symbol: str
    atomic_std: NDArray[np.float64]
    energy_std: NDArray[np.float64]
    frame_index: NDArray[np.int64]


def write_scores(path: Path, scores: BlockScores) -> None:
    """Write scores atomically; same scores, same bytes."""
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as store:
        store.attrs["symbol"] = scores.symbol
        store.create_dataset("atomic_std", data=scores.atomic_std).attrs["unit"] = "eV"
        store.create_dataset("energy_std", data=scores.energy_std).attrs["unit"] = "eV"
        store.create_dataset("frame_index", data=scores.frame_index).attrs["unit"] = "1"


def read_scores(path: Path) -> BlockScores:
    """Read scores; PotstillError names a missing or broken file, or one with NaN."""
    try:
        with h5py.File(path, "r") as store:
            scores = BlockScores(
                symbol=str(store.attrs["symbol"]),
                atomic_std=store["atomic_std"][...],
                energy_std=store["energy_std"][...],
                frame_index=store["frame_index"][...],
            )
    except (OSError, KeyError) as error:
        cure = "name one that the rule `score` made"
        raise unreadable(path, "score file", HDF5, cure, error) from None
    for name in ("atomic_std", "energy_std"):
        if not np.isfinite(getattr(scores, name)).all():
            raise PotstillError(f"{path}: {name} is not finite; train the model again")
    return scores
