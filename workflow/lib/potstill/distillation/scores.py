"""The scores of a block: what a committee says about its frames, and their file."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from potstill.data.structures import Floats, Indices
from potstill.errors import PotstillError
from potstill.runtime.files import atomic_path
from potstill.runtime.unreadable import HDF5, unreadable


@dataclass(frozen=True)
class BlockScores:
    """What a committee says about a block of B frames with A atoms together, without any label.

    symbol: the set's elements as one word. start (B + 1,): atoms of frame b are start[b] to
    start[b + 1]. atomic_std (A,): standard deviation over the members of each atom's energy, eV;
    None of members without such energies. energy_std (B,): that of the frame's energy, eV.
    frame_index (B,): index of each frame in the sampled set. force_std (A,): that of each atom's
    force, eV/A, see `Prediction.force_std`; None where no strategy asks for it.
    """

    symbol: str
    start: Indices
    atomic_std: Floats | None
    energy_std: Floats
    frame_index: Indices
    force_std: Floats | None = None


def write_scores(path: Path, scores: BlockScores) -> None:
    """Write scores atomically; same scores, same bytes.

    `atomic_std` and `force_std` are (B, N) where all frames have N atoms, else (A,) with the
    dataset `start`.
    """
    sizes = np.diff(scores.start)
    of_atoms = {"atomic_std": (scores.atomic_std, "eV"), "force_std": (scores.force_std, "eV/A")}
    uniform = bool((sizes == sizes[:1]).all())
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as store:
        store.attrs["symbol"] = scores.symbol
        for name, (values, unit) in of_atoms.items():
            if values is not None:
                shaped = values.reshape(len(sizes), -1) if uniform else values
                store.create_dataset(name, data=shaped).attrs["unit"] = unit
        store.create_dataset("energy_std", data=scores.energy_std).attrs["unit"] = "eV"
        store.create_dataset("frame_index", data=scores.frame_index).attrs["unit"] = "1"
        if scores.atomic_std is None or not uniform:
            store.create_dataset("start", data=scores.start).attrs["unit"] = "1"


def read_scores(path: Path) -> BlockScores:
    """Read scores; PotstillError names a missing or broken file, or one with NaN."""
    try:
        with h5py.File(path, "r") as store:
            symbol = str(store.attrs["symbol"])
            atomic = store["atomic_std"][...] if "atomic_std" in store else None
            if atomic is not None and atomic.ndim == 2:
                start = np.arange(len(atomic) + 1) * atomic.shape[1]
            else:
                start = store["start"][...]
            force = store["force_std"][...].ravel() if "force_std" in store else None
            scores = BlockScores(
                symbol=symbol,
                start=start,
                atomic_std=None if atomic is None else atomic.ravel(),
                energy_std=store["energy_std"][...],
                frame_index=store["frame_index"][...],
                force_std=force,
            )
    except (OSError, KeyError) as error:
        cure = "name one that the rule `score` made"
        raise unreadable(path, "score file", HDF5, cure, error) from None
    for name in ("atomic_std", "energy_std", "force_std"):
        values = getattr(scores, name)
        if values is not None and not np.isfinite(values).all():
            raise PotstillError(f"{path}: {name} is not finite; train the model again")
    return scores
