"""Frames in files of other programs: extended XYZ in and out, and in whatever else ASE reads."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import ase
import ase.data
import numpy as np
from numpy.typing import NDArray

from potstill.data.frame_store import GEOMETRY, LABELS
from potstill.data.frames import Frames, read_frames
from potstill.data.images import Refused, check_positions, read_images
from potstill.data.label_keys import LabelReader, kind_of
from potstill.data.structures import Floats, Structures, joined
from potstill.errors import PotstillError
from potstill.runtime.files import atomic_path
from potstill.runtime.unreadable import HDF5
from potstill.settings import FileSet
from potstill.settings.names import split_set

# Frames that are gathered at a time: many small arrays would take twice the memory.
_PIECE = 1000


class FileFrames(NamedTuple):
    """Frames of a file: which ones of it they are, from 0, and the label's names there.

    texts: the texts that all frames have, as the group that each is of, by name.
    """

    frames: Frames
    numbers: NDArray[np.int64]
    keys: dict[str, str]
    texts: dict[str, list[str]]


def read_foreign(path: Path, name: str | None, settings: FileSet) -> FileFrames:
    """Read the frames of the set called `name` (element/atoms/...) from a file, with its labels.

    Without a name its frames may be of any elements and sizes. Of the file each `settings.every`-th
    frame is taken, the first one included. Further values by frame become columns, or texts. A file
    of Potstill itself (HDF5) is read as it is. Raises PotstillError, naming the file, the frames
    and the cure, for a file that cannot be read, frames of other elements or sizes than the name
    says, an element of the name that no frame has, atoms of no element, sites of a crystal that are
    shared, periodic cells without volume, positions that are not finite, atoms on one spot, and
    labels as of `LabelReader`.
    """
    found = (_own if is_own(path) else _read)(path, name, settings)
    named = split_set(name).symbols if name else ()
    if absent := [symbol for symbol in named if symbol not in found.frames.elements]:
        raise PotstillError(
            f"{path}: no frame holds {' or '.join(absent)}, which the set's name lists; name it "
            f"{found.frames.symbol}/..., or another file"
        )
    return found


def is_own(path: Path) -> bool:
    """Return whether a file is HDF5, as Potstill's are; PotstillError for an empty one."""
    with path.open("rb") as handle:
        head = handle.read(len(HDF5))
    if not head:
        raise PotstillError(f"{path}: an empty file; name a file of frames")
    return head == HDF5


def _read(path: Path, name: str | None, settings: FileSet) -> FileFrames:
    """Read each n-th frame of another program's file."""
    labels, refused = LabelReader(path, name, settings), Refused(path, name)
    columns, texts = _Columns((int, float)), _Columns((str,))
    pieces: list[Structures] = []
    piece: list[ase.Atoms] = []
    numbers: list[int] = []
    for number, image in read_images(path):
        if number % settings.every or refused.look(number, image):
            continue
        check_positions(path, number, image)
        labels.take(number, image)
        columns.take(image)
        texts.take(image)
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
    made = {key: np.array(values) for key, values in columns.of_all().items()}
    frames = Frames(
        **vars(joined(pieces)),
        energy=found.values.get("energy"),
        atomic_energies=found.values.get("atomic_energies"),
        forces=found.values.get("forces"),
        stress=found.values.get("stress"),
        lacking=found.lacking,
        columns={key: column for key, column in made.items() if np.isfinite(column).all()},
    )
    keys = {str(kind): key for kind, key in found.keys.items()}
    return FileFrames(frames, np.array(numbers), keys, texts.of_all())


def _own(path: Path, name: str | None, settings: FileSet) -> FileFrames:
    """Read each n-th frame of a file of Potstill itself."""
    frames = read_frames(path)
    refused = Refused(path, name)
    numbers = np.arange(0, len(frames), settings.every)
    for number in numbers:
        refused.look(int(number), frames.image(int(number)))
    refused.end()
    keys = {str(n): str(n) for n in LABELS if n in frames.labels}
    return FileFrames(frames[numbers], numbers, keys, {})


class _Columns:
    """Gathers the values of these types that all frames have beside their labels, by name."""

    def __init__(self, types: tuple[type, ...]) -> None:
        self.types = types
        self.values: dict[str, list[Any]] | None = None

    def take(self, image: ase.Atoms) -> None:
        """Keep what a frame has."""
        found = {k: v.item() if isinstance(v, np.generic) else v for k, v in image.info.items()}
        wanted = {k: v for k, v in found.items() if type(v) in self.types and _is_column(k)}
        if self.values is None:
            self.values = {key: [] for key in wanted}
        self.values = {k: values for k, values in self.values.items() if k in wanted}
        for key, values in self.values.items():
            values.append(wanted[key])

    def of_all(self) -> dict[str, list[Any]]:
        """Return the values of all frames."""
        return self.values or {}


def _is_column(key: str) -> bool:
    """Return whether a value of a frame can be a column: by its name no label, and no dataset."""
    return bool(re.fullmatch(r"\w+", key)) and kind_of(key) is None and key not in GEOMETRY.values()


def frames_to_extxyz(
    path: Path, frames: Frames, texts: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Write frames as extended XYZ, atomically and with all digits, so that they read back exactly.

    Labels are under ASE's names where a frame has them, atomic energies as `energies`, columns of
    one number a frame, and texts, as values of the frame. A stress that is not symmetric to the
    last digit is `REF_stress`, because ASE reads only half of what is called `stress`.
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
            values |= {name: _as_text(text[f]) for name, text in (texts or {}).items()}
            comment = " ".join(f"{key}={value}" for key, value in values.items())
            pbc = " ".join("FT"[int(periodic)] for periodic in frames.pbc[f])
            out.write(f'{size}\n{comment} pbc="{pbc}"\n')
            rows = np.concatenate(list(by_atom.values()), axis=1).tolist()
            for symbol, row in zip(symbols[here], rows, strict=True):
                out.write(f"{symbol} {' '.join(map(repr, row))}\n")


def _quoted(matrix: Floats) -> str:
    return f'"{" ".join(map(repr, matrix.ravel().tolist()))}"'


def _as_text(value: str) -> str:
    """Return a text as a value in the comment line of extended XYZ, where a line has no end.

    An empty one is `-`: ASE would take what comes after it, the boundaries, as the text.
    """
    plain = re.sub(r"[\r\n]+", " ", value).replace("\\", r"\\").replace('"', r"\"")
    return f'"{plain if plain.strip() else "-"}"'
