"""Frames in files of other programs: extended XYZ in and out, and in whatever else ASE reads."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import ase
import ase.data
import ase.io
import ase.io.formats
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from potstill.data.frame_store import GEOMETRY, Array
from potstill.data.frames import LABELS, Frames, read_frames
from potstill.data.geometry import SAME_SPOT_A, SMALLEST_VOLUME_A3, completed
from potstill.data.label_keys import LabelReader, kind_of
from potstill.data.structures import Floats, Structures, joined_start
from potstill.errors import PotstillError
from potstill.runtime.files import atomic_path
from potstill.runtime.shortened import frames_named
from potstill.runtime.unreadable import HDF5
from potstill.settings import FileSet
from potstill.settings.names import MIXED, SetName, split_set

# Frames that are gathered at a time: many small arrays would take twice the memory.
_PIECE = 1000
# ASE's old trajectories are pickles, which run what a stranger wrote into them.
_UNSAFE = {"trj"}
# What a set cannot hold, and what to do instead.
_REFUSED = {
    "nothing": "a frame has atoms; remove them",
    "elements": "the set's name lists {symbols}; name a set of all elements of the file "
    "(as WBe/mixed/dft), or write the frames of {symbols} into a file of their own",
    "atoms": "the set's name says {atoms} atoms; name it {mixed} (as Ni/mixed/dft), or write "
    "these into a file of their own",
    "cell": "periodic frames need a cell with a volume; give one, set pbc to false along the "
    "directions that have none, or remove them",
}


class FileFrames(NamedTuple):
    """Frames of a file: which ones of it they are, from 0, and the label's names there."""

    frames: Frames
    numbers: NDArray[np.int64]
    keys: dict[str, str]


def read_foreign(path: Path, name: str, settings: FileSet) -> FileFrames:
    """Read the frames of the set called `name` (element/atoms/...) from a file, with its labels.

    Of the file each `settings.every`-th frame is taken, the first one included. Further numbers by
    frame become columns. A file of Potstill itself (HDF5) is read as it is. Raises PotstillError,
    naming the file, the frames and the cure, for a file that cannot be read, frames of other
    elements or sizes than the name says, an element of the name that no frame has, periodic cells
    without volume, positions that are not finite, atoms on one spot, and labels as of
    `LabelReader`.
    """
    with path.open("rb") as handle:
        head = handle.read(len(HDF5))
    if not head:
        raise PotstillError(f"{path}: an empty file; name a file of frames")
    found = (_own if head == HDF5 else _read)(path, name, settings)
    if absent := [s for s in split_set(name).symbols if s not in found.frames.elements]:
        raise PotstillError(
            f"{path}: no frame holds {' or '.join(absent)}, which the set's name lists; name it "
            f"{found.frames.symbol}/..., or another file"
        )
    return found


def _read(path: Path, name: str, settings: FileSet) -> FileFrames:
    """Read each n-th frame of another program's file."""
    labels, refused, columns = LabelReader(path, name, settings), _Refused(path, name), _Columns()
    pieces: list[Structures] = []
    piece: list[ase.Atoms] = []
    numbers: list[int] = []
    for number, image in _images(path):
        if number % settings.every or refused.look(number, image):
            continue
        _check_positions(path, number, image)
        labels.take(number, image)
        columns.take(image)
        numbers.append(number)
        piece.append(image)
        if len(piece) == _PIECE:
            pieces.append(Structures.of_atoms(piece))
            piece.clear()
    refused.end()
    if not numbers:
        raise PotstillError(f"{path}: holds no frames; name a file that does")
    pieces.append(Structures.of_atoms(piece))
    found = labels.labels()
    frames = Frames(
        start=joined_start(pieces),
        species=np.concatenate([part.species for part in pieces]),
        positions=np.concatenate([part.positions for part in pieces]),
        cell=np.concatenate([part.cell for part in pieces]),
        pbc=np.concatenate([part.pbc for part in pieces]),
        energy=found.values.get("energy"),
        atomic_energies=found.values.get("atomic_energies"),
        forces=found.values.get("forces"),
        stress=found.values.get("stress"),
        lacking=found.lacking,
        columns=columns.of_all(),
    )
    return FileFrames(frames, np.array(numbers), {str(k): key for k, key in found.keys.items()})


def _own(path: Path, name: str, settings: FileSet) -> FileFrames:
    """Read each n-th frame of a file of Potstill itself."""
    frames = read_frames(path)
    refused = _Refused(path, name)
    numbers = np.arange(0, len(frames), settings.every)
    for number in numbers:
        refused.look(int(number), frames.image(int(number)))
    refused.end()
    return FileFrames(frames[numbers], numbers, {n: n for n in LABELS if n in frames.labels})


def _images(path: Path) -> Iterator[tuple[int, ase.Atoms]]:
    """Yield the frames of a file, each with its number from 0, one at a time."""
    number = 0
    try:
        if ase.io.formats.filetype(str(path)) in _UNSAFE:
            raise PotstillError(
                f"{path}: an old trajectory of ASE, which may run code when it is read; write the "
                "frames as extended XYZ"
            )
        for image in ase.io.iread(str(path), index=":"):
            yield number, image
            number += 1
    except (PotstillError, GeneratorExit):
        raise
    except ase.io.formats.UnknownFileTypeError:
        raise PotstillError(
            f"{path}: ASE does not know this format; write the frames as extended XYZ"
        ) from None
    except Exception as error:  # readers of many programs' files, and as many errors
        why = " ".join(str(error).split()) or type(error).__name__
        raise PotstillError(
            f"{path}: frame {number} (counted from 0) cannot be read ({why}); correct the file or "
            "write it again as extended XYZ"
        ) from None


class _Refused:
    """Gathers the frames that the set of this name cannot hold."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, split_set(name)
        self.found: dict[str, dict[int, str]] = {kind: {} for kind in _REFUSED}

    def look(self, number: int, image: ase.Atoms) -> bool:
        """Return whether a frame is refused."""
        for kind, fault in _faults(self.name, image):
            if fault:
                self.found[kind][number] = fault
                return True
        return False

    def end(self) -> None:
        """Raise PotstillError where frames were refused."""
        symbols, atoms, _ = self.name
        for kind, frames in self.found.items():
            if frames:
                first = next(iter(frames))
                cure = _REFUSED[kind].format(
                    symbols=" and ".join(symbols), atoms=atoms, mixed=MIXED
                )
                raise PotstillError(
                    f"{self.path}: {frames_named(frames)} cannot be in this set (frame {first} "
                    f"{frames[first]}): {cure}"
                )


def _faults(name: SetName, image: ase.Atoms) -> Iterator[tuple[str, str | None]]:
    """Yield for each kind of fault what a frame has that its set cannot hold, None for nothing."""
    yield "nothing", None if len(image) else "has no atoms"
    others = set(image.symbols) - set(name.symbols)
    yield "elements", f"has {image.symbols}" if others else None
    wrong = name.atoms is not None and len(image) != name.atoms
    yield "atoms", f"has {len(image)}" if wrong else None
    cell = image.cell.array
    finite = np.isfinite(cell).all()
    volume = np.linalg.det(completed(cell[None], image.pbc[None])[0]) if finite else 0.0
    flat = abs(volume) < SMALLEST_VOLUME_A3
    pbc = " ".join("FT"[int(periodic)] for periodic in image.pbc)
    yield "cell", f"has pbc {pbc} and no volume" if flat else None


class _Columns:
    """Gathers the numbers that all frames have beside their labels, by name."""

    def __init__(self) -> None:
        self.values: dict[str, list[int | float]] | None = None

    def take(self, image: ase.Atoms) -> None:
        """Keep what a frame has."""
        found = {k: v.item() if isinstance(v, np.generic) else v for k, v in image.info.items()}
        numbers = {k: v for k, v in found.items() if type(v) in (int, float) and _is_column(k)}
        if self.values is None:
            self.values = {key: [] for key in numbers}
        self.values = {k: values for k, values in self.values.items() if k in numbers}
        for key, values in self.values.items():
            values.append(numbers[key])

    def of_all(self) -> dict[str, Array]:
        """Return the columns, without those that are not finite."""
        made = {key: np.array(values) for key, values in (self.values or {}).items()}
        return {key: column for key, column in made.items() if np.isfinite(column).all()}


def _is_column(key: str) -> bool:
    """Return whether a number by frame can be a column: by its name no label, and no dataset."""
    return bool(re.fullmatch(r"\w+", key)) and kind_of(key) is None and key not in GEOMETRY.values()


def _check_positions(path: Path, number: int, image: ase.Atoms) -> None:
    """Raise PotstillError for positions that are not finite, and for atoms on one spot."""
    where = f"{path}: frame {number} (counted from 0)"
    bad = ~np.isfinite(image.positions).all(axis=1)
    if bad.any():
        raise PotstillError(
            f"{where}: the position of atom {int(np.argmax(bad))} is NaN or infinite; correct or "
            "remove the frame"
        )
    cell = completed(image.cell.array[None], image.pbc[None])[0]
    inside = np.linalg.solve(cell.T, image.positions.T).T
    inside[:, image.pbc] = inside[:, image.pbc] % 1.0 % 1.0
    # a distance in A is at most so many times smaller in parts of the cell
    reach = SAME_SPOT_A * np.linalg.norm(np.linalg.inv(cell), 2)
    # a box of no size is an open one
    for i, j in cKDTree(inside, boxsize=image.pbc.astype(float)).query_pairs(reach):
        apart = inside[i] - inside[j]
        apart -= np.where(image.pbc, np.round(apart), 0.0)
        if np.linalg.norm(apart @ cell) < SAME_SPOT_A:
            raise PotstillError(
                f"{where}: atoms {i} and {j} are on one spot; move or remove one of them, or "
                "remove the frame"
            )


def frames_to_extxyz(path: Path, frames: Frames) -> None:
    """Write frames as extended XYZ, atomically and with all digits, so that they read back exactly.

    Labels are under ASE's names where a frame has them, atomic energies as `energies`, columns of
    one number a frame as values of the frame. A stress that is not symmetric to the last digit is
    `REF_stress`, because ASE reads only half of what is called `stress`.
    """
    stress_key = "stress"
    if frames.stress is not None:
        mirrored = frames.stress.transpose(0, 2, 1)
        stress_key = "stress" if np.array_equal(frames.stress, mirrored) else "REF_stress"
    given = {name: frames.has(name) for name in LABELS}
    columns = {k: c for k, c in frames.columns.items() if c.ndim == 1}
    symbols = np.array(ase.data.chemical_symbols)[frames.species]
    with atomic_path(path) as temporary, temporary.open("w") as out:
        for f, size in enumerate(frames.sizes.tolist()):
            here = frames.of_atoms_in(f)
            by_atom = {"pos:R:3": frames.positions[here]}
            if frames.forces is not None and given["forces"][f]:
                by_atom["forces:R:3"] = frames.forces[here]
            if frames.atomic_energies is not None and given["atomic_energies"][f]:
                by_atom["energies:R:1"] = frames.atomic_energies[here, None]
            values: dict[str, Any] = {
                "Lattice": _quoted(frames.cell[f]),
                "Properties": ":".join(["species:S:1", *by_atom]),
            }
            if frames.energy is not None and given["energy"][f]:
                values["energy"] = repr(float(frames.energy[f]))
            if frames.stress is not None and given["stress"][f]:
                values[stress_key] = _quoted(frames.stress[f])
            values |= {name: repr(column[f].item()) for name, column in columns.items()}
            comment = " ".join(f"{key}={value}" for key, value in values.items())
            pbc = " ".join("FT"[int(periodic)] for periodic in frames.pbc[f])
            out.write(f'{size}\n{comment} pbc="{pbc}"\n')
            rows = np.concatenate(list(by_atom.values()), axis=1).tolist()
            for symbol, row in zip(symbols[here], rows, strict=True):
                out.write(f"{symbol} {' '.join(map(repr, row))}\n")


def _quoted(matrix: Floats) -> str:
    return f'"{" ".join(map(repr, matrix.ravel().tolist()))}"'
