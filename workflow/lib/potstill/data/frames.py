"""The one dataset format: frames of any elements and sizes, with their labels, in HDF5.

The file has one group for each number of atoms ("032"), which torchani's `ANIDataset` opens
(attribute grouping = by_num_atoms). Every dataset carries its unit in an attribute `unit`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

import ase
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

from potstill.data.frame_store import (
    BY_ATOM,
    LABELS,
    Array,
    Label,
    Stored,
    read_store,
    write_store,
)
from potstill.data.geometry import SMALLEST_VOLUME_A3, completed
from potstill.data.structures import Choice, Floats, Indices, Mask, Structures, joined, structure_of
from potstill.errors import PotstillError

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
class Frames(Structures):
    """F structures of A atoms together, with the labels that there are.

    Labels, None where no frame has them: energy (F,) eV; atomic_energies (A,) eV; forces (A, 3)
    eV/A; stress (F, 3, 3) eV/A^3, positive under tension (ASE's sign). lacking: of labels that
    only some frames have, which ones (F,) lack it; a label that is lacking is 0. columns: further
    values by frame, (F, ...), as enthalpy (eV), order_parameter, bias (eV), walker, step.
    attributes: what is one for the file.
    """

    energy: Floats | None = None
    atomic_energies: Floats | None = None
    forces: Floats | None = None
    stress: Floats | None = None
    lacking: Mapping[Label, Mask] = field(default_factory=dict)
    columns: dict[str, Array] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> dict[Label, Floats]:
        """The labels that there are, by name."""
        found = {name: getattr(self, name) for name in LABELS}
        return {name: values for name, values in found.items() if values is not None}

    def has(self, label: Label) -> Mask:
        """Return which frames (F,) have a label."""
        if getattr(self, label) is None:
            return np.zeros(len(self), dtype=np.bool_)
        return ~self.lacking.get(label, np.zeros(len(self), dtype=np.bool_))

    def need(self, label: Label, what: str) -> Floats:
        """Return a label; PotstillError, with the cure, where `what` ("training") needs it.

        Frames that lack it are zero there, see `has`; one frame at least has it.
        """
        values: Floats | None = getattr(self, label)
        if values is None or not self.has(label).any():
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
        h, o = (self.columns[name].astype(np.float64) / self.sizes for name in names)
        return h, o

    def __getitem__(self, which: Choice) -> Self:
        """Return the frames chosen by a slice, indices or a mask."""
        chosen = self._geometry(which)
        rows = self.rows(which)
        for name, values in self.labels.items():
            chosen[name] = values[rows if name in BY_ATOM else which]
        lacking = {name: mask[which] for name, mask in self.lacking.items()}
        columns = {name: column[which] for name, column in self.columns.items()}
        return replace(self, **chosen, lacking=lacking, columns=columns)

    def spread(self, count: int | None) -> Self:
        """Return `count` frames (all for None), those of `spread_rows`."""
        return self if count is None or count == len(self) else self[self.spread_rows(count)]

    def spread_rows(self, count: int) -> Indices:
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
        """Return these frames followed by `other`'s; both need the same columns.

        A label that only one of the two has is lacking in the frames of the other. Raises
        PotstillError, naming what differs, for other columns.
        """
        if alone := sorted(self.columns.keys() ^ other.columns.keys()):
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
        pair = (self, other)
        both: dict[str, Any] = {**vars(joined(pair))}
        names = {**self.labels, **other.labels}
        lacking = {}
        for name in names:
            both[name] = np.concatenate([part.labels.get(name, part.blank(name)) for part in pair])
            mask = ~np.concatenate([part.has(name) for part in pair])
            if mask.any():
                lacking[name] = mask
        columns = {n: np.concatenate([c, other.columns[n]]) for n, c in self.columns.items()}
        return replace(self, **both, lacking=lacking, columns=columns)

    def blank(self, label: Label) -> Floats:
        """Return the zeros that stand for a label that these frames lack."""
        shapes = {"forces": (len(self.species), 3), "stress": (len(self), 3, 3)}
        return np.zeros(shapes.get(label, len(self.species if label in BY_ATOM else self.cell)))

    def to_ase(self, index: int) -> ase.Atoms:
        """Return one frame as ASE atoms with its labels in a SinglePointCalculator."""
        atoms, here = self.image(index), self.of_atoms_in(index)
        labels: dict[str, Any] = {
            name: values[here if name in BY_ATOM else index]
            for name, values in self.labels.items()
            if self.has(name)[index]
        }
        if "energy" in labels:
            labels["energy"] = float(labels["energy"])
        if "stress" in labels:
            labels["stress"] = labels["stress"][[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        if "atomic_energies" in labels:
            labels["energies"] = labels.pop("atomic_energies")
        atoms.calc = SinglePointCalculator(atoms, **labels)
        atoms.info.update({name: column[index].item() for name, column in self.columns.items()})
        return atoms


def write_frames(path: str | Path, frames: Frames) -> None:
    """Write frames atomically; same frames, same bytes."""
    write_store(
        path,
        Stored(
            frames.structures(slice(None)),
            frames.labels,
            frames.lacking,
            frames.columns,
            frames.attributes,
        ),
    )


def read_frames(path: str | Path) -> Frames:
    """Read and check a frame file.

    Raises PotstillError as of `read_store`, and naming the first bad frame when one has a NaN or a
    flat cell.
    """
    found = read_store(path)
    geometry: dict[str, Any] = {
        f.name: getattr(found.structures, f.name) for f in fields(Structures)
    }
    geometry |= {str(name): values for name, values in found.labels.items()}
    columns, attributes = dict(found.columns), dict(found.attributes)
    frames = Frames(**geometry, lacking=found.lacking, columns=columns, attributes=attributes)
    check_frames(frames, str(path))
    return frames


def check_frames(frames: Frames, origin: str) -> None:
    """Raise PotstillError naming `origin` and the frame for wrong shapes, NaN or a flat cell."""
    atoms, count = len(frames.species), len(frames)
    shapes: dict[str, tuple[int, ...]] = {
        "positions": (atoms, 3),
        "cell": (count, 3, 3),
        "energy": (count,),
        "atomic_energies": (atoms,),
        "forces": (atoms, 3),
        "stress": (count, 3, 3),
    }
    arrays: dict[str, Array] = {"positions": frames.positions, "cell": frames.cell}
    arrays |= {str(name): values for name, values in frames.labels.items()}
    arrays |= frames.columns
    shapes |= {name: (count, *column.shape[1:]) for name, column in frames.columns.items()}
    for name, values in arrays.items():
        if values.shape != shapes[name]:
            raise PotstillError(
                f"{origin}: {name} has shape {values.shape}, expected {shapes[name]}; rewrite the "
                "file"
            )
        bad = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
        if len(bad):
            frame = structure_of(frames.start, bad[0]) if name in BY_ATOM else bad[0]
            raise PotstillError(
                f"{origin}: {name} of frame {frame} is not finite; remove the frame or sample again"
            )
    flat = np.abs(np.linalg.det(completed(frames.cell, frames.pbc))) < SMALLEST_VOLUME_A3
    if flat.any():
        raise PotstillError(
            f"{origin}: the cell of frame {int(np.argmax(flat))} has no volume; remove the frame"
        )
