"""Finished labels, a file a frame, under a name made of all that they depend on.

They outlive a job that is killed, other `chunks` and another choice of frames: what has been
calculated once is read, wherever the same geometry turns up again.
"""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from potstill.data.frames import Frames
from potstill.runtime.files import atomic_path

Floats = NDArray[np.float64]
# Raise it when the same calculator's labels of the same frame come out otherwise.
VERSION = 1


class FrameLabels(NamedTuple):
    """energy () eV; forces (N, 3) eV/A; stress (3, 3) eV/A^3, positive under tension, or None."""

    energy: Floats
    forces: Floats
    stress: Floats | None

    @property
    def found(self) -> dict[str, Floats]:
        """The labels that there are, by name."""
        return {name: values for name, values in self._asdict().items() if values is not None}


class LabelStore:
    """The labels in a folder by one calculator with one set of arguments.

    calculator: `Labels.essence`. Several processes may read and write the folder at once.
    """

    def __init__(self, folder: Path, calculator: dict[str, Any]) -> None:
        self.folder = folder
        self.made = json.dumps([VERSION, calculator], sort_keys=True)

    def load(self, frames: Frames, index: int) -> FrameLabels | None:
        """Return the labels of one of the frames; None where there are none, or a broken file."""
        try:
            with np.load(self._path(frames, index), allow_pickle=False) as stored:
                stress = stored.get("stress")
                return FrameLabels(stored["energy"], stored["forces"], stress)
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
            return None

    def save(self, frames: Frames, index: int, labels: FrameLabels) -> None:
        """Keep the labels of one of the frames."""
        path = self._path(frames, index)
        with atomic_path(path) as temporary, temporary.open("wb") as handle:
            np.savez(handle, allow_pickle=False, **labels.found)

    def _path(self, frames: Frames, index: int) -> Path:
        one = frames.structures([index])
        digest = hashlib.sha256(f"{self.made} {one.symbol}".encode())
        digest.update(one.positions.tobytes())
        digest.update(one.cell.tobytes())
        if len(one.elements) > 1 or not one.pbc.all():  # or the symbol has told both
            digest.update(one.species.tobytes())
            digest.update(one.pbc.tobytes())
        return self.folder / f"{digest.hexdigest()[:40]}.npz"
