"""The one dataset format: frames of one cell size, with the labels that there are, in HDF5.

The file has one group named by the number of atoms ("032"), which torchani's `ANIDataset` opens
(attribute grouping = by_num_atoms). Every dataset carries its unit in an attribute `unit`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

import ase
import ase.data
import h5py
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator
from numpy.typing import NDArray

from potstill.data.frame_store import GEOMETRY, LABELS, UNITS, Array, read_store
from potstill.errors import PotstillError
from potstill.runtime.files import atomic_path

Floats = NDArray[np.float64]
Label = Literal["energy", "atomic_energies", "forces", "stress"]

_DATASETS = GEOMETRY | LABELS
# How to go on without a label that is needed.
_CURES: dict[Label, str] = {
    "energy": "label them (docs/labels.md), or name where the file has them (energy_key)",
    "atomic_energies": "label them with an EAM table",
    "forces": "label them (docs/labels.md), name where the file has them (forces_key), or set "
    "training.forces to false",
    "stress": "label them (docs/labels.md), name where the file has it (stress_key, stress_unit), "
    "or set training.stress_weight to 0",
}


@dataclass(frozen=True)
class Frames:
    """F frames of N atoms of one composition, with the labels that there are.

    symbol: chemical symbol of all atoms. positions (F, N, 3) A; cell (F, 3, 3) A, rows are the
    vectors. Labels, of all frames or None: energy (F,) eV; atomic_energies (F, N) eV; forces
    (F, N, 3) eV/A; stress (F, 3, 3) eV/A^3, positive under tension (ASE's sign). columns: further
    values by frame, (F, ...), as enthalpy (eV), order_parameter, bias (eV), walker, step.
    attributes: what is one for the file.
    """

    symbol: str
    positions: Floats
    cell: Floats
    energy: Floats | None = None
    atomic_energies: Floats | None = None
    forces: Floats | None = None
    stress: Floats | None = None
    columns: dict[str, Array] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise PotstillError for what is no chemical symbol."""
        atomic_number(self.symbol)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.positions)

    @property
    def atoms(self) -> int:
        """Number of atoms in a frame."""
        return self.positions.shape[1]

    @property
    def arrays(self) -> dict[str, Floats]:
        """Positions, cell and the labels that there are, by name."""
        found = {name: getattr(self, name) for name in _DATASETS}
        return {name: values for name, values in found.items() if values is not None}

    def need(self, label: Label, what: str) -> Floats:
        """Return a label; PotstillError, with the cure, where `what` ("training") needs it."""
        values: Floats | None = getattr(self, label)
        if values is None:
            raise PotstillError(
                f"{what} needs the label `{label}`, which these frames of {self.symbol} do not "
                f"have; {_CURES[label]}"
            )
        return values

    def plane(self) -> tuple[Floats, Floats] | None:
        """Return H/N in eV and O/N of each frame, (F,); None where the frames don't have both."""
        names = ("enthalpy", "order_parameter")
        if any(name not in self.columns for name in names):
            return None
        h, o = (self.columns[name].astype(np.float64) / self.atoms for name in names)
        return h, o

    def __getitem__(self, which: slice | Sequence[int] | Array) -> Self:
        """Return the frames chosen by a slice, indices or a mask."""
        arrays: dict[str, Any] = {name: values[which] for name, values in self.arrays.items()}
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
        """Return these frames followed by `other`'s; both need the same symbol, N, labels, columns.

        Raises PotstillError, naming what differs, for others.
        """
        if (self.symbol, self.atoms) != (other.symbol, other.atoms):
            raise PotstillError(
                f"cannot join frames of {self.atoms} {self.symbol} atoms "
                f"with frames of {other.atoms} {other.symbol} atoms"
            )
        for kind, own, others in (
            ("label", self.arrays, other.arrays),
            ("column", self.columns, other.columns),
        ):
            if alone := sorted(own.keys() ^ others.keys()):
                raise PotstillError(
                    f"cannot join frames: only one of the two has the {kind}(s) "
                    f"{', '.join(alone)}; drop them first, or give both the same"
                )
        for n, column in self.columns.items():
            if column.shape[1:] != other.columns[n].shape[1:]:
                raise PotstillError(
                    f"cannot join frames: {n} of one has shape {column.shape[1:]} a frame, of the "
                    f"other {other.columns[n].shape[1:]}"
                )
        more = other.arrays
        both: dict[str, Any] = {n: np.concatenate([a, more[n]]) for n, a in self.arrays.items()}
        both["columns"] = {
            n: np.concatenate([c, other.columns[n]]) for n, c in self.columns.items()
        }
        return replace(self, **both)

    def to_ase(self, index: int) -> ase.Atoms:
        """Return one frame as ASE atoms with its labels in a SinglePointCalculator."""
        atoms = ase.Atoms(
            [self.symbol] * self.atoms, self.positions[index], cell=self.cell[index], pbc=True
        )
        labels: dict[str, Any] = {
            name: values[index] for name, values in self.arrays.items() if name in LABELS
        }
        if self.energy is not None:
            labels["energy"] = float(self.energy[index])
        if self.stress is not None:
            labels["stress"] = self.stress[index][[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        if self.atomic_energies is not None:
            labels["energies"] = labels.pop("atomic_energies")
        atoms.calc = SinglePointCalculator(atoms, **labels)
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
    arrays: dict[str, Array] = {_DATASETS[n]: values for n, values in frames.arrays.items()}
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

    Raises PotstillError as of `read_store`, and naming the first bad frame when one has a NaN or a
    flat cell.
    """
    found = read_store(path)
    frames = Frames(
        symbol=found.symbol, columns=found.columns, attributes=found.attributes, **found.arrays
    )
    check_frames(frames, str(path))
    return frames


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
    arrays: dict[str, Array] = {**frames.arrays, **frames.columns}
    shapes |= {name: (count, *column.shape[1:]) for name, column in frames.columns.items()}
    for name, values in arrays.items():
        if values.shape != shapes[name]:
            raise PotstillError(
                f"{origin}: {name} has shape {values.shape}, expected {shapes[name]}; rewrite the "
                "file"
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
