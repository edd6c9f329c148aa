"""Frames and structures of any elements and sizes, out of any file that a person names."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import ase

from potstill.data.formats import FileFrames, is_own, read_foreign
from potstill.data.frames import read_frames
from potstill.data.images import Refused, check_positions, read_images
from potstill.errors import PotstillError
from potstill.settings import FileSet

StressUnit = Literal["eV/A^3", "kB", "virial", "none"]


def read_frames_file(
    path: Path,
    *,
    energy_key: str | None = None,
    forces_key: str | None = None,
    stress_key: str | None = None,
    stress_unit: StressUnit = "eV/A^3",
) -> FileFrames:
    """Read all frames of a file with the labels that it has.

    The keys are the names of labels in the file, None to find the usual ones; stress_unit: as of
    `FileSet`. One line says where labels were found. Raises PotstillError for a file that is not
    there, and as of `read_foreign`.
    """
    _see(path)
    settings = FileSet(
        method="file",
        file=str(path),
        energy_key=energy_key,
        forces_key=forces_key,
        stress_key=stress_key,
        stress_unit=stress_unit,
    )
    return read_foreign(path, None, settings)


def read_structures(paths: Iterable[Path]) -> list[ase.Atoms]:
    """Read all structures of some files, one file after another; labels are not looked at.

    `info` of each has `file`, the path as it was given, and `frame`, its number in the file.
    Raises PotstillError, naming file and frame, as of `read_frames_file`.
    """
    found: list[ase.Atoms] = []
    for path in paths:
        _see(path)
        before = len(found)
        for number, image in _own_images(path) if is_own(path) else _checked(path):
            image.info |= {"file": str(path), "frame": number}
            found.append(image)
        if len(found) == before:
            raise PotstillError(f"{path}: holds no structures; name a file that does")
    return found


def name_of(image: ase.Atoms) -> str:
    """Return what a structure of `read_structures` is called: its file, and which of it."""
    return f"{image.info['file']}, frame {image.info['frame']}"


def _see(path: Path) -> None:
    """Raise PotstillError for what is no file."""
    if path.is_dir():
        raise PotstillError(f"{path}: a folder; name a file of frames in it")
    if not path.exists():
        raise PotstillError(f"{path}: no such file; name a file of frames")


def _own_images(path: Path) -> list[tuple[int, ase.Atoms]]:
    frames = read_frames(path)
    return [(number, frames.image(number)) for number in range(len(frames))]


def _checked(path: Path) -> list[tuple[int, ase.Atoms]]:
    """Return the structures of another program's file, all of which can be used."""
    refused, images = Refused(path, None), []
    for number, image in read_images(path):
        if not refused.look(number, image):
            check_positions(path, number, image)
            images.append((number, image))
    refused.end()
    return images
