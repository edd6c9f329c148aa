"""Readers of the result files that figures are drawn from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from potstill.data.frames import Frames, read_frames
from potstill.data.structures import Floats, Indices
from potstill.errors import PotstillError
from potstill.runtime.unreadable import AGAIN, HDF5, unreadable


class Trace(NamedTuple):
    """The production part of a run: time (T,) in ps, enthalpy per atom (W, T) in eV."""

    time: Floats
    enthalpy: Floats
    atoms: int
    temperature: float


class Evaluation(NamedTuple):
    """Exact and predicted energy per atom (E,) in eV of a model on the frames that have one."""

    exact: Floats
    predicted: Floats


class EvaluatedSet(NamedTuple):
    """The set of an evaluation: sizes (F,) of its frames, and which have an energy (E,)."""

    sizes: Indices
    with_energy: Indices


def read_datasets(
    path: Path, names: Sequence[str], *, optional: bool = False
) -> tuple[dict[str, Floats], dict[str, Any]]:
    """Return the named datasets and all attributes; PotstillError names what is missing.

    optional: a file that has none of them is good as well, and nothing is returned of it.
    """
    if not path.exists():
        raise PotstillError(f"{path}: no such file; run the rule that makes it")
    try:
        with h5py.File(path, "r") as store:
            missing = [name for name in names if name not in store]
            if optional and len(missing) == len(names):
                return {}, dict(store.attrs)
            if missing:
                raise PotstillError(f"{path}: lacks {', '.join(missing)}; {AGAIN}")
            return {name: store[name][...] for name in names}, dict(store.attrs)
    except OSError as error:
        cure = "name a result of a run"
        raise unreadable(path, "result file", HDF5, cure, error) from None


def read_trace(path: Path) -> Trace:
    """Read the production part of a trace file."""
    arrays, attributes = read_datasets(path, ["step", "enthalpy"])
    start = attributes["production_start_step"]
    production = arrays["step"] > start
    if not production.any():
        raise PotstillError(f"{path}: holds no production steps; let the run go on")
    atoms = int(attributes["atoms"])
    return Trace(
        time=(arrays["step"][production] - start) * attributes["timestep_fs"] / 1000,
        enthalpy=arrays["enthalpy"][:, production] / atoms,
        atoms=atoms,
        temperature=float(attributes["temperature_K"]),
    )


def read_evaluation(path: Path) -> Evaluation:
    """Read a model's energies per atom on a set."""
    arrays, _ = read_datasets(path, ["energy", "predicted_energy"])
    sizes, told = read_evaluated_set(path)
    return Evaluation(arrays["energy"] / sizes[told], arrays["predicted_energy"] / sizes[told])


def read_evaluated_set(path: Path) -> EvaluatedSet:
    """Read what an evaluation says of its set."""
    arrays, attributes = read_datasets(path, ["energy"])
    for name in ("sizes", "energy_frame"):
        arrays |= read_datasets(path, [name], optional=True)[0]
    frames = len(arrays["energy"])
    sizes = arrays.get("sizes")
    if sizes is None:
        sizes = np.full(frames, attributes["atoms"])
    told = arrays.get("energy_frame", np.arange(frames))
    return EvaluatedSet(sizes.astype(np.int64), told.astype(np.int64))


def read_plane(path: Path) -> tuple[Frames, Floats, Floats]:
    """Read a sampled set: its frames, H/N (F,) in eV and O/N (F,)."""
    frames = read_frames(path)
    if (plane := frames.plane()) is None:
        raise PotstillError(
            f"{path}: lacks the columns enthalpy and order_parameter, as sets from a file do; name "
            "a sampled set, or leave out what draws its plane"
        )
    return frames, *plane
