"""The one dataset format: frames of one cell size, with labels, in HDF5.

The file has one group named by the number of atoms ("032"), which torchani's `ANIDataset` opens
(attribute grouping = by_num_atoms). Every dataset carries its unit in an attribute `unit`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import ase
import ase.data
import h5py
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.runtime.files import atomic_path
from potstill.runtime.unreadable import HDF5, unreadable

Floats = NDArray[np.float64]
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
FOREIGN = (
    "read it with ase.io.read and write the frames with potstill.data.frames.write_frames, as "
    "docs/labels.md shows"
)
_DATASETS = {
    "positions": "coordinates",
    "cell": "cell",
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


@dataclass(frozen=True)
class Frames:
    """F labelled frames of N atoms of one composition.

    symbol: chemical symbol of all atoms. positions (F, N, 3) A; cell (F, 3, 3) A, rows are the
    vectors; energy (F,) eV; atomic_energies (F, N) eV; forces (F, N, 3) eV/A; stress (F, 3, 3)
    eV/A^3, positive under tension (ASE's sign). columns: further values by frame, (F, ...), as
    enthalpy (eV), order_parameter, bias (eV), walker, step. attributes: what is one for the file.
    """

    symbol: str
    positions: Floats
    cell: Floats
    energy: Floats
    atomic_energies: Floats
    forces: Floats
    stress: Floats
    columns: dict[str, Array] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise PotstillError for what is no chemical symbol."""
        atomic_number(self.symbol)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.energy)

    @property
    def atoms(self) -> int:
        """Number of atoms in a frame."""
        return self.positions.shape[1]

    def __getitem__(self, which: slice | Sequence[int] | Array) -> Self:
        """Return the frames chosen by a slice, indices or a mask."""
        arrays = {name: getattr(self, name)[which] for name in _DATASETS}
        columns = {name: column[which] for name, column in self.columns.items()}
        return replace(self, **arrays, columns=columns)

    def spread(self, count: int | None) -> Self:
        """Return `count` frames (all for None), those of `spread_rows`."""
        return self if count is None or count == len(self) else self[self.spread_rows(count)]

    def spread_rows(self, count: int) -> NDArray[np.int64]:
        """Return the indices of `count` frames, one from each of `count` equal stretches.

        Which one of its stretch is drawn at random, the same at every call: even steps would fall
        on the same few walkers, whose frames take turns in a sampled set.
        """
        if count > len(self):
            raise PotstillError(f"{count} frames asked for, but there are only {len(self)}")
        within = np.random.default_rng((len(self), count)).random(count)
        # whole frames: stretches of 1.3 frames must not share one
        edges = -(-np.arange(count + 1) * len(self) // count)
        return edges[:-1] + (within * np.diff(edges)).astype(int)

    def joined(self, other: "Frames") -> Self:
        """Return these frames followed by `other`'s; both need the same symbol, N and columns.

        Raises PotstillError, naming what differs, for others.
        """
        if (self.symbol, self.atoms) != (other.symbol, other.atoms):
            raise PotstillError(
                f"cannot join frames of {self.atoms} {self.symbol} atoms "
                f"with frames of {other.atoms} {other.symbol} atoms"
            )
        alone = sorted(self.columns.keys() ^ other.columns.keys())
        if alone:
            raise PotstillError(
                f"cannot join frames: only one of the two has the column(s) {', '.join(alone)}; "
                "drop them first, or give both the same"
            )
        for n, column in self.columns.items():
            if column.shape[1:] != other.columns[n].shape[1:]:
                raise PotstillError(
                    f"cannot join frames: {n} of one has shape {column.shape[1:]} a frame, of the "
                    f"other {other.columns[n].shape[1:]}"
                )
        both: dict[str, Any] = {
            n: np.concatenate([getattr(self, n), getattr(other, n)]) for n in _DATASETS
        }
        both["columns"] = {
            n: np.concatenate([c, other.columns[n]]) for n, c in self.columns.items()
        }
        return replace(self, **both)

    def to_ase(self, index: int) -> ase.Atoms:
        """Return one frame as ASE atoms with its labels in a SinglePointCalculator."""
        atoms = ase.Atoms(
            [self.symbol] * self.atoms, self.positions[index], cell=self.cell[index], pbc=True
        )
        atoms.calc = SinglePointCalculator(
            atoms,
            energy=float(self.energy[index]),
            energies=self.atomic_energies[index],
            forces=self.forces[index],
            stress=self.stress[index][[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]],
        )
        atoms.info.update({name: column[index].item() for name, column in self.columns.items()})
        return atoms


def atomic_number(symbol: str) -> int:
    """Return the atomic number of an element; PotstillError for what is no chemical symbol."""
    number = ase.data.atomic_numbers.get(symbol, 0)
    if not number:  # 0 is ASE's X, which stands for no element
        raise PotstillError(f"'{symbol}' is no chemical symbol; give an element, as Ni")
    return number


def write_frames(path: str | Path, frames: Frames) -> None:
    """Write frames atomically; same frames, same bytes."""
    number = atomic_number(frames.symbol)
    arrays = {stored: getattr(frames, name) for name, stored in _DATASETS.items()}
    arrays["species"] = np.full((len(frames), frames.atoms), number, dtype=np.int64)
    arrays.update(frames.columns)
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as store:
        store.attrs["grouping"] = "by_num_atoms"
        store.attrs["symbol"] = frames.symbol
        for name, value in sorted(frames.attributes.items()):
            store.attrs[name] = value
        group = store.create_group(f"{frames.atoms:03d}")
        for name, values in sorted(arrays.items()):
            dataset = group.create_dataset(name, data=values)
            dataset.attrs["unit"] = UNITS.get(name.removeprefix("source_"), "1")


def read_frames(path: str | Path) -> Frames:
    """Read and check a frame file.

    Raises PotstillError, naming the file and the first bad frame, when the file is missing,
    truncated, of another format, holds no or several groups, lacks a dataset, holds one that is not
    of numbers or lies in another file, or has a NaN or a flat cell.
    """
    source = Path(path)
    if not source.exists():
        raise PotstillError(f"{path}: no such frame file; run the rule that makes it")
    try:
        with h5py.File(source, "r") as store:
            return _read(store, path)
    except OSError as error:
        raise unreadable(path, "frame file", HDF5, FOREIGN, error) from None


def _read(store: h5py.File, path: str | Path) -> Frames:
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
    missing = [name for name in ("species", *_DATASETS.values()) if name not in group]
    if missing:
        raise PotstillError(f"{path}: lacks the dataset(s) {', '.join(missing)}; rewrite the file")
    attributes = {n: v for n, v in store.attrs.items() if n not in ("grouping", "symbol")}
    datasets = {name: _numbers(group, stored, path) for name, stored in _DATASETS.items()}
    columns = {n: _numbers(group, n, path) for n in group if n not in _AXES}
    species = _numbers(group, "species", path)
    if not len(species) or species.shape != datasets["positions"].shape[:2]:
        raise PotstillError(
            f"{path}: species has shape {species.shape}, coordinates "
            f"{datasets['positions'].shape}; give the atomic number of every atom of every frame"
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
    frames = Frames(
        symbol=ase.data.chemical_symbols[int(number)],
        columns=columns,
        attributes=attributes,
        **{name: values.astype(np.float64, copy=False) for name, values in datasets.items()},
    )
    check_frames(frames, str(path))
    return frames


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


def check_frames(frames: Frames, origin: str) -> None:
    """Raise PotstillError naming `origin` and the frame for wrong shapes, NaN or a flat cell."""
    count, atoms = len(frames), frames.atoms
    shapes: dict[str, tuple[int, ...]] = {
        "positions": (count, atoms, 3),
        "cell": (count, 3, 3),
        "energy": (count,),
        "atomic_energies": (count, atoms),
        "forces": (count, atoms, 3),
        "stress": (count, 3, 3),
    }
    shapes |= {name: (count, *column.shape[1:]) for name, column in frames.columns.items()}
    for name, shape in shapes.items():
        values = frames.columns[name] if name in frames.columns else getattr(frames, name)
        if values.shape != shape:
            raise PotstillError(
                f"{origin}: {name} has shape {values.shape}, expected {shape}; rewrite the file"
            )
        bad = ~np.isfinite(values.reshape(count, -1)).all(axis=1)
        if bad.any():
            raise PotstillError(
                f"{origin}: {name} of frame {int(np.argmax(bad))} is not finite; "
                "remove the frame or sample again"
            )
    flat = np.abs(np.linalg.det(frames.cell)) < 1e-6
    if flat.any():
        raise PotstillError(
            f"{origin}: the cell of frame {int(np.argmax(flat))} has no volume; remove the frame"
        )
