"""What a frame file holds, as plain arrays: the HDF5 behind `potstill.data.frames`.

One group for each number of atoms, named by it ("032"). Where there are several, the dataset
`frame` of each tells the places of its frames in the set. The datasets `pbc` and `has_<label>` are
there only where a frame is not periodic, or lacks a label that others have.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import ase.data
import h5py
import numpy as np
from numpy.typing import NDArray

from potstill.data.structures import Structures, atom_rows
from potstill.errors import PotstillError
from potstill.runtime.files import atomic_path
from potstill.runtime.unreadable import HDF5, unreadable

Array = NDArray[Any]
Label = Literal["energy", "atomic_energies", "forces", "stress"]

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
# the datasets by the names that `Frames` gives them: of all frames, of their atoms, and the labels
GEOMETRY = {"species": "species", "positions": "coordinates", "cell": "cell", "pbc": "pbc"}
LABELS: dict[Label, str] = {
    "energy": "energies",
    "atomic_energies": "atomic_energies",
    "forces": "forces",
    "stress": "stress",
}
# shape of each but for the number of frames; "atoms": how many the group's name says
_SHAPES: dict[str, tuple[Any, ...]] = {
    "species": ("atoms",),
    "positions": ("atoms", 3),
    "cell": (3, 3),
    "pbc": (3,),
    "energy": (),
    "atomic_energies": ("atoms",),
    "forces": ("atoms", 3),
    "stress": (3, 3),
}
# what each atom has
BY_ATOM = {name for name, shape in _SHAPES.items() if shape[:1] == ("atoms",)}
_DATASETS: dict[str, str] = GEOMETRY | {str(name): dataset for name, dataset in LABELS.items()}
_AXES = {_DATASETS[name]: 1 + len(shape) for name, shape in _SHAPES.items()}
_HAS = "has_"
_FRAME = "frame"


class Stored(NamedTuple):
    """The content of a frame file, see `Frames`."""

    structures: Structures
    labels: Mapping[Label, NDArray[np.float64]]
    lacking: Mapping[Label, NDArray[np.bool_]]
    columns: Mapping[str, Array]
    attributes: Mapping[str, Any]


def write_store(path: str | Path, stored: Stored) -> None:
    """Write a frame file atomically; same content, same bytes."""
    structures = stored.structures
    by_name: dict[str, Array] = {
        dataset: getattr(structures, name)
        for name, dataset in GEOMETRY.items()
        if name != "pbc" or not structures.pbc.all()
    }
    by_name |= {LABELS[name]: values for name, values in stored.labels.items()}
    by_name |= {_HAS + LABELS[name]: ~mask for name, mask in stored.lacking.items()}
    by_name |= stored.columns
    of_atoms = {_DATASETS[name] for name in BY_ATOM}
    sizes = np.unique(structures.sizes)
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as store:
        store.attrs["grouping"] = "by_num_atoms"
        store.attrs["symbol"] = structures.symbol
        for name, value in sorted(stored.attributes.items()):
            store.attrs[name] = value
        for size in sizes:
            frames = np.flatnonzero(structures.sizes == size)
            whole = len(sizes) == 1
            rows = slice(None) if whole else structures.rows(frames)
            chosen = {
                name: values[rows].reshape(len(frames), size, *values.shape[1:])
                if name in of_atoms
                else values[slice(None) if whole else frames]
                for name, values in by_name.items()
            }
            if not whole:
                chosen[_FRAME] = frames
            group = store.create_group(f"{size:03d}")
            for name, values in sorted(chosen.items()):
                dataset = group.create_dataset(name, data=values)
                dataset.attrs["unit"] = UNITS.get(name.removeprefix("source_"), "1")


def read_store(path: str | Path) -> Stored:
    """Read the arrays of a frame file.

    Raises PotstillError, naming the file, when it is missing, truncated, of another format, lacks a
    dataset that all files have, or holds one that is not of numbers, has another shape or lies in
    another file.
    """
    source = Path(path)
    if not source.exists():
        raise PotstillError(f"{path}: no such frame file; run the rule that makes it")
    try:
        with h5py.File(source, "r") as store:
            groups = [_read_group(store, name, path) for name in store]
            attributes = {n: v for n, v in store.attrs.items() if n not in ("grouping", "symbol")}
    except OSError as error:
        raise unreadable(path, "frame file", HDF5, FOREIGN, error) from None
    if not groups:
        raise PotstillError(f"{path}: holds no frames; make it again")
    return _joined(groups, attributes, path)


def _read_group(store: h5py.File, name: str, path: str | Path) -> dict[str, Array]:
    """Return the datasets of a group by the names of `Frames`, checked, and the columns."""
    group = store[name]
    if not isinstance(group, h5py.Group):
        raise PotstillError(
            f"{path}: not a frame file of Potstill but another HDF5 file; {FOREIGN}"
        )
    missing = [d for d in ("species", "coordinates", "cell") if d not in group]
    if missing:
        raise PotstillError(f"{path}: lacks the dataset(s) {', '.join(missing)}; rewrite the file")
    names = {dataset: name for name, dataset in _DATASETS.items()}
    found = {names.get(d, d): _numbers(group, d, path) for d in group}
    species, coordinates = found["species"].shape, found["positions"].shape
    if not len(found["species"]) or species != coordinates[:2]:
        raise PotstillError(
            f"{path}: species has shape {species}, coordinates {coordinates}; give the atomic "
            "number of every atom of every frame"
        )
    frames, atoms = species
    found.setdefault("pbc", np.ones((frames, 3), dtype=np.bool_))
    for key, values in found.items():
        shape = (frames, *_SHAPES.get(key, values.shape[1:]))
        wanted = tuple(atoms if axis == "atoms" else axis for axis in shape)
        if values.shape != wanted:
            raise PotstillError(
                f"{path}: {names.get(key, key)} has shape {values.shape}, expected {wanted}; "
                "rewrite the file"
            )
    known = np.isin(found["species"], np.arange(1, len(ase.data.chemical_symbols)))
    if not known.all():
        raise PotstillError(
            f"{path}: species holds {found['species'][~known][0]}, which is no atomic number; "
            "rewrite the file"
        )
    return found


def _joined(
    groups: list[dict[str, Array]], attributes: Mapping[str, Any], path: str | Path
) -> Stored:
    """Return the frames of all groups in the order of the set."""
    counts = [len(group["cell"]) for group in groups]
    total = sum(counts)
    places = [g.pop(_FRAME, np.arange(n)) for g, n in zip(groups, counts, strict=True)]
    if not np.array_equal(np.sort(np.concatenate(places)), np.arange(total)):
        raise PotstillError(
            f"{path}: the datasets `frame` of its groups do not number its frames from 0; rewrite "
            "the file"
        )
    sizes = np.empty(total, dtype=np.int64)
    for place, group in zip(places, groups, strict=True):
        sizes[place] = group["species"].shape[1]
    start = np.concatenate([[0], np.cumsum(sizes)])

    def whole(name: str) -> Array:
        """Return an array over all frames, or all atoms; what a group lacks is zero there."""
        if len(groups) == 1:
            values = groups[0][name]
            return values.reshape(-1, *values.shape[2:]) if name in BY_ATOM else values
        some = next(group[name] for group in groups if name in group)
        if name not in BY_ATOM:
            made = np.zeros((total, *some.shape[1:]), dtype=some.dtype)
        else:
            made = np.zeros((start[-1], *some.shape[2:]), dtype=some.dtype)
        for place, group in zip(places, groups, strict=True):
            if name in group:
                rows = atom_rows(start, place) if name in BY_ATOM else place
                made[rows] = group[name].reshape(-1, *made.shape[1:])
        return made

    def floats(name: str) -> NDArray[np.float64]:
        return whole(name).astype(np.float64, copy=False)

    labels = {name: floats(name) for name in LABELS if any(name in group for group in groups)}
    lacking = {}
    for name in labels:
        mask = np.zeros(total, dtype=np.bool_)
        for place, group in zip(places, groups, strict=True):
            mask[place] = ~group.get(_HAS + LABELS[name], np.bool_(name in group)).astype(bool)
        if mask.any():
            lacking[name] = mask
    masks = {_HAS + dataset for dataset in LABELS.values()}
    columns = sorted({name for group in groups for name in group} - _SHAPES.keys() - masks)
    if lost := [name for name in columns if not all(name in group for group in groups)]:
        raise PotstillError(f"{path}: only some groups have {', '.join(lost)}; rewrite the file")
    structures = Structures(
        start,
        whole("species").astype(np.int64, copy=False),
        floats("positions"),
        floats("cell"),
        whole("pbc").astype(np.bool_, copy=False),
    )
    return Stored(structures, labels, lacking, {n: whole(n) for n in columns}, attributes)


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
    if found.dtype.kind not in "iufb" or found.shape is None or found.ndim != axes:
        raise PotstillError(
            f"{path}: {name} must hold numbers along {axes} axes, and has type {found.dtype} and "
            f"shape {found.shape}; rewrite the file"
        )
    return found[...]
