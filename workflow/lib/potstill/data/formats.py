"""Frames in files of other programs: extended XYZ in and out, and in whatever else ASE reads."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import ase
import ase.io
import ase.io.formats
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from potstill.data.frame_store import LABELS, Array
from potstill.data.frames import Floats, Frames, read_frames
from potstill.data.geometry import SAME_SPOT_A, SMALLEST_VOLUME_A3
from potstill.data.label_keys import LabelReader, kind_of
from potstill.errors import PotstillError
from potstill.runtime.files import atomic_path
from potstill.runtime.shortened import frames_named
from potstill.runtime.unreadable import HDF5
from potstill.settings import FileSet, split_set

# Frames that are gathered at a time: many small arrays would take twice the memory.
_PIECE = 1000
# ASE's old trajectories are pickles, which run what a stranger wrote into them.
_UNSAFE = {"trj"}
# Datasets of a frame file that are no labels.
_NO_COLUMNS = {"species", "coordinates", "cell"}
# What sets of one element and one number of atoms cannot hold, and what to do instead.
_REFUSED = {
    "elements": "a set holds one element, {symbol}; write the frames of {symbol} alone into a file "
    "(several elements are not supported yet)",
    "atoms": "a set holds frames of one number of atoms, {atoms}; write these into a file of their "
    "own (several sizes in one set are not supported yet)",
    "cell": "they need a cell with a volume and pbc true along all three axes; give both, or "
    "remove them (surfaces and clusters are not supported yet)",
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
    elements, sizes or boundaries, positions that are not finite, atoms on one spot, and labels as
    of `LabelReader`.
    """
    symbol, atoms, _ = split_set(name)
    with path.open("rb") as handle:
        head = handle.read(len(HDF5))
    if not head:
        raise PotstillError(f"{path}: an empty file; name a file of frames")
    if head == HDF5:
        return _own(path, symbol, atoms, settings)
    labels, refused = LabelReader(path, name, settings), _Refused(path, symbol, atoms)
    pieces: list[Floats] = []
    piece: list[Floats] = []
    numbers: list[int] = []
    columns = _Columns()
    for number, image in _images(path):
        if number % settings.every or refused.look(number, image):
            continue
        _check_positions(path, number, image)
        labels.take(number, image)
        columns.take(image)
        numbers.append(number)
        piece.append(np.concatenate([image.cell.array, image.positions]))
        if len(piece) == _PIECE:
            pieces.append(np.array(piece))
            piece.clear()
    refused.end()
    if not numbers:
        raise PotstillError(f"{path}: holds no frames; name a file that does")
    geometry = np.concatenate([*pieces, np.array(piece).reshape(-1, atoms + 3, 3)])
    pieces.clear()
    found = labels.labels()
    frames = Frames(
        symbol,
        positions=np.ascontiguousarray(geometry[:, 3:]),
        cell=np.ascontiguousarray(geometry[:, :3]),
        energy=found.get("energy"),
        atomic_energies=found.get("atomic_energies"),
        forces=found.get("forces"),
        stress=found.get("stress"),
        columns=columns.of_all(),
    )
    return FileFrames(frames, np.array(numbers), {str(k): key for k, key in labels.keys.items()})


def _own(path: Path, symbol: str, atoms: int, settings: FileSet) -> FileFrames:
    """Read each n-th frame of a file of Potstill itself."""
    frames = read_frames(path)
    if (frames.symbol, frames.atoms) != (symbol, atoms):
        raise PotstillError(
            f"{path}: holds frames of {frames.atoms} {frames.symbol} atoms, where the set's name "
            f"says {atoms} of {symbol}; name another file or set"
        )
    numbers = np.arange(0, len(frames), settings.every)
    return FileFrames(frames[numbers], numbers, {n: n for n in frames.arrays if n in LABELS})


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
    """Gathers the frames that a set cannot hold."""

    def __init__(self, path: Path, symbol: str, atoms: int) -> None:
        self.path, self.symbol, self.atoms = path, symbol, atoms
        self.found: dict[str, dict[int, str]] = {kind: {} for kind in _REFUSED}

    def look(self, number: int, image: ase.Atoms) -> bool:
        """Return whether a frame is refused."""
        flat = abs(np.linalg.det(image.cell.array)) < SMALLEST_VOLUME_A3
        pbc = " ".join("FT"[int(periodic)] for periodic in image.pbc)
        faults = {
            "elements": set(image.symbols) != {self.symbol} and f"has {image.symbols}",
            "atoms": len(image) != self.atoms and f"has {len(image)}",
            "cell": (flat or not all(image.pbc)) and f"has {'no volume' if flat else f'pbc {pbc}'}",
        }
        for kind, fault in faults.items():
            if fault:
                self.found[kind][number] = fault
                return True
        return False

    def end(self) -> None:
        """Raise PotstillError where frames were refused."""
        for kind, frames in self.found.items():
            if frames:
                first = next(iter(frames))
                cure = _REFUSED[kind].format(symbol=self.symbol, atoms=self.atoms)
                raise PotstillError(
                    f"{self.path}: {frames_named(frames)} cannot be in this set (frame {first} "
                    f"{frames[first]}): {cure}"
                )


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
    return bool(re.fullmatch(r"\w+", key)) and kind_of(key) is None and key not in _NO_COLUMNS


def _check_positions(path: Path, number: int, image: ase.Atoms) -> None:
    """Raise PotstillError for positions that are not finite, and for atoms on one spot."""
    where = f"{path}: frame {number} (counted from 0)"
    bad = ~np.isfinite(image.positions).all(axis=1)
    if bad.any():
        raise PotstillError(
            f"{where}: the position of atom {int(np.argmax(bad))} is NaN or infinite; correct or "
            "remove the frame"
        )
    cell = image.cell.array
    inside = np.linalg.solve(cell.T, image.positions.T).T % 1.0 % 1.0
    # a distance in A is at most so many times smaller in parts of the cell
    reach = SAME_SPOT_A * np.linalg.norm(np.linalg.inv(cell), 2)
    for i, j in cKDTree(inside, boxsize=1.0).query_pairs(reach):
        apart = inside[i] - inside[j]
        if np.linalg.norm((apart - np.round(apart)) @ cell) < SAME_SPOT_A:
            raise PotstillError(
                f"{where}: atoms {i} and {j} are on one spot; move or remove one of them, or "
                "remove the frame"
            )


def frames_to_extxyz(path: Path, frames: Frames) -> None:
    """Write frames as extended XYZ, atomically and with all digits, so that they read back exactly.

    Labels are under ASE's names, atomic energies as `energies`, columns of one number a frame as
    values of the frame. A stress that is not symmetric to the last digit is `REF_stress`, because
    ASE reads only half of what is called `stress`.
    """
    stress_key = "stress"
    if frames.stress is not None:
        mirrored = frames.stress.transpose(0, 2, 1)
        stress_key = "stress" if np.array_equal(frames.stress, mirrored) else "REF_stress"
    by_atom = {"pos:R:3": frames.positions}
    if frames.forces is not None:
        by_atom["forces:R:3"] = frames.forces
    if frames.atomic_energies is not None:
        by_atom["energies:R:1"] = frames.atomic_energies[:, :, None]
    rows = np.concatenate(list(by_atom.values()), axis=2)
    columns = {k: c for k, c in frames.columns.items() if c.ndim == 1}
    with atomic_path(path) as temporary, temporary.open("w") as out:
        for f in range(len(frames)):
            values: dict[str, Any] = {
                "Lattice": _quoted(frames.cell[f]),
                "Properties": ":".join(["species:S:1", *by_atom]),
            }
            if frames.energy is not None:
                values["energy"] = repr(float(frames.energy[f]))
            if frames.stress is not None:
                values[stress_key] = _quoted(frames.stress[f])
            values |= {name: repr(column[f].item()) for name, column in columns.items()}
            comment = " ".join(f"{key}={value}" for key, value in values.items())
            out.write(f'{frames.atoms}\n{comment} pbc="T T T"\n')
            for row in rows[f].tolist():
                out.write(f"{frames.symbol} {' '.join(map(repr, row))}\n")


def _quoted(matrix: Floats) -> str:
    return f'"{" ".join(map(repr, matrix.ravel().tolist()))}"'
