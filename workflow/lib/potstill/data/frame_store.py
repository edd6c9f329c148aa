"""What a frame file holds, as plain arrays: the HDF5 behind `potstill.data.frames`."""

from pathlib import Path
from typing import Any, NamedTuple

import ase.data
import h5py
import numpy as np
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.runtime.unreadable import HDF5, unreadable

Array = NDArray[np.generic]

UNITS = {
    "species": "atomic number",
    "coordinates": "A",
    "cell": "A",
    "energies": "eV",
    "atomic_energies": "eV",
    "forces": "eV/A",
    "stress": "eV/A^3",
    "enthalpy": "eV",
    "order_parameter": "1",
    "bias": "eV",
    "walker": "1",
    "step": "1",
}
# what to do with frames in another format
FOREIGN = "read it as a set with `method: file`, as docs/your-frames.md shows"
# the datasets by the names that `Frames` gives them: what all files hold, and the labels
GEOMETRY = {"positions": "coordinates", "cell": "cell"}
LABELS = {
    "energy": "energies",
    "atomic_energies": "atomic_energies",
    "forces": "forces",
    "stress": "stress",
}
_AXES = {
    "species": 2,
    "coordinates": 3,
    "cell": 3,
    "energies": 1,
    "atomic_energies": 2,
    "forces": 3,
    "stress": 3,
}


class Stored(NamedTuple):
    """The content of a frame file; arrays: positions, cell and the labels that it has."""

    symbol: str
    arrays: dict[str, NDArray[np.float64]]
    columns: dict[str, Array]
    attributes: dict[str, Any]


def read_store(path: str | Path) -> Stored:
    """Read the arrays of a frame file.

    Raises PotstillError, naming the file, when it is missing, truncated, of another format, holds
    no or several groups or elements, lacks a dataset that all files have, or holds one that is not
    of numbers or lies in another file.
    """
    source = Path(path)
    if not source.exists():
        raise PotstillError(f"{path}: no such frame file; run the rule that makes it")
    try:
        with h5py.File(source, "r") as store:
            return _read(store, path)
    except OSError as error:
        raise unreadable(path, "frame file", HDF5, FOREIGN, error) from None


def _read(store: h5py.File, path: str | Path) -> Stored:
    groups = list(store)
    if len(groups) != 1:
        raise PotstillError(
            f"{path}: holds {len(groups)} groups, expected one for one number of atoms; "
            "split the file by number of atoms"
        )
    group = store[groups[0]]
    if not isinstance(group, h5py.Group):
        raise PotstillError(
            f"{path}: not a frame file of Potstill but another HDF5 file; {FOREIGN}"
        )
    missing = [name for name in ("species", *GEOMETRY.values()) if name not in group]
    if missing:
        raise PotstillError(f"{path}: lacks the dataset(s) {', '.join(missing)}; rewrite the file")
    attributes = {n: v for n, v in store.attrs.items() if n not in ("grouping", "symbol")}
    present = GEOMETRY | {name: stored for name, stored in LABELS.items() if stored in group}
    arrays = {
        name: _numbers(group, stored, path).astype(np.float64, copy=False)
        for name, stored in present.items()
    }
    columns = {n: _numbers(group, n, path) for n in group if n not in _AXES}
    species = _numbers(group, "species", path)
    if not len(species) or species.shape != arrays["positions"].shape[:2]:
        raise PotstillError(
            f"{path}: species has shape {species.shape}, coordinates "
            f"{arrays['positions'].shape}; give the atomic number of every atom of every frame"
        )
    elements = np.unique(species)
    if len(elements) != 1:
        raise PotstillError(
            f"{path}: holds {len(elements)} elements; alloys are not supported, use one element"
        )
    number = elements[0]
    if number not in range(1, len(ase.data.chemical_symbols)):
        raise PotstillError(
            f"{path}: species holds {number}, which is no atomic number; rewrite the file"
        )
    return Stored(ase.data.chemical_symbols[int(number)], arrays, columns, attributes)


def _numbers(group: h5py.Group, name: str, path: str | Path) -> Array:
    """Return a dataset; PotstillError unless it is an array of numbers that this file holds."""
    own = isinstance(group.get(name, getlink=True), h5py.HardLink)
    found = group[name] if own else None
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise PotstillError(
            f"{path}: {name} is no dataset of this file (but a group, or a link to elsewhere); "
            "copy the numbers into the file"
        )
    axes = _AXES.get(name, max(1, found.ndim))
    if found.dtype.kind not in "iuf" or found.shape is None or found.ndim != axes:
        raise PotstillError(
            f"{path}: {name} must hold numbers along {axes} axes, and has type {found.dtype} and "
            f"shape {found.shape}; rewrite the file"
        )
    return found[...]
