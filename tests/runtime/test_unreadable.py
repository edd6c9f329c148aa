"""Files that are none of ours: the error says what they are, and tells nobody to delete them."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase.build
import ase.io
import h5py
import numpy as np
import pytest
import torch
from ase.calculators.emt import EMT

from potstill.data.frames import read_frames
from potstill.distillation.scores import read_scores
from potstill.errors import PotstillError
from potstill.models.model_file import load_ensemble
from potstill.plots.read_arrays import read_datasets
from potstill.runtime.files import read_json
from potstill.runtime.unreadable import HDF5

ROOT = Path(__file__).parents[2]


def xyz(path: Path) -> None:
    atoms = ase.build.bulk("Cu", cubic=True)
    atoms.calc = EMT()
    for what in ("energy", "stress"):  # EMT gives them when asked
        atoms.calc.get_property(what, atoms)
    ase.io.write(path, [atoms, atoms], format="extxyz")


class Doubled(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x


def hdf5(path: Path) -> None:
    with h5py.File(path, "w") as store:
        store["numbers"] = [1, 2]


# By what the error calls them.
FOREIGN: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "extended XYZ": ("text", xyz),
    "README": ("text", lambda path: path.write_text("# Read me\n\nÅngström\n")),
    "TorchScript": (
        "a (TorchScript|zip) file",
        lambda path: torch.jit.script(Doubled()).save(str(path)),
    ),
    "image": ("an image", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")),
    "gzip": ("a gzip file", lambda path: path.write_bytes(gzip.compress(b"a" * 99))),
    "array": ("a NumPy array", lambda path: path.write_bytes(b"\x93NUMPY\1\0v\0")),
    "noise": (
        "something else",
        lambda path: path.write_bytes(np.random.default_rng(0).bytes(2000)),
    ),
    "HDF5": ("an(other)? HDF5 file", hdf5),
    "empty": ("an empty file", lambda path: path.touch()),
    "folder": ("a folder", lambda path: path.mkdir()),
}
READERS: dict[str, Callable[[Path], Any]] = {
    "frame": read_frames,
    "model": load_ensemble,
    "score": read_scores,
    "result": lambda path: read_datasets(path, ["energy"]),
    "JSON": read_json,
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("reader", READERS)
def test_files_of_others(
    kind: str, reader: str, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    called, make = FOREIGN[kind]
    path = tmp_path / "mine"
    make(path)
    with pytest.raises(PotstillError, match=r"^[^\n]*$") as caught:
        READERS[reader](path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert not any(word in said for word in ("delete", "remove", "not a complete"))
    if kind == "HDF5" and reader in ("score", "result"):
        assert "numbers" in said or "energy" in said or "attribute" in said
    elif reader == "JSON" and kind != "folder":
        assert "not valid JSON" in said
    else:
        assert re.search(f": (not a .*)?{called}[,;]", said), said
    assert path.exists() and not [w for w in recwarn if w.category is UserWarning]


@pytest.mark.parametrize("kept", [1, 4, 8, 100, 1000])
def test_files_of_ours_that_were_cut_short(kept: int, tmp_path: Path) -> None:
    whole = tmp_path / "whole.h5"
    with h5py.File(whole, "w") as store:
        store["energy"] = np.arange(1000.0)
    content = whole.read_bytes()
    assert content.startswith(HDF5)
    path = tmp_path / "short.h5"
    path.write_bytes(content[:kept])
    for reader, what in ((read_frames, "frame file"), (READERS["result"], "result file")):
        with pytest.raises(PotstillError, match=rf"short\.h5: not a whole {what} \(.*\); move it"):
            reader(path)


def test_frames_of_others_become_ours_as_the_docs_say(tmp_path: Path, monkeypatch: Any) -> None:
    page = (ROOT / "docs/labels.md").read_text()
    snippet = page.partition("## Frames of your own")[2].partition("```python\n")[2]
    xyz(tmp_path / "mine.xyz")
    monkeypatch.chdir(tmp_path)
    exec(snippet.partition("```")[0], {})
    frames = read_frames(tmp_path / "mine.h5")
    mine = ase.io.read(tmp_path / "mine.xyz", 1)
    assert (frames.symbol, len(frames), frames.atoms) == ("Cu", 2, 4)
    assert frames.energy[1] == mine.get_potential_energy()
    np.testing.assert_array_equal(frames.positions[frames.of_atoms_in(1)], mine.positions)
    np.testing.assert_array_equal(frames.stress[1], mine.get_stress(voigt=False))
