"""What tests of several stages share: tables, and the tiny run of the whole workflow."""

import copy
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Before numpy loads its linear algebra: with more threads than idle cores, small matrices crawl.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import yaml
from processes import snakemake_command

from potstill.data.frames import Frames, write_frames
from potstill.potentials.fetch import fetch_table
from potstill.potentials.known_tables import KNOWN
from potstill.potentials.setfl import numbers_sha256
from potstill.settings import Momt

ROOT = Path(__file__).parents[1]

Snakemake = Callable[..., subprocess.CompletedProcess[str]]


def _run(directory: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in this repository on its workflow, with results in `directory`."""
    return subprocess.run(
        snakemake_command(directory, *arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="session")
def snakemake_in() -> Snakemake:
    """Function of a directory and of Snakemake's arguments; returns the finished process."""
    return _run


@pytest.fixture(scope="session")
def tables(pytestconfig: pytest.Config) -> dict[str, Path]:
    """Verified EAM tables by name, fetched once into POTSTILL_TEST_TABLES or pytest's cache."""
    place = os.environ.get("POTSTILL_TEST_TABLES")
    folder = Path(place) if place else pytestconfig.cache.mkdir("tables")
    paths = {}
    for name, known in KNOWN.items():
        path = folder / f"{name}.eam.fs"
        if not path.exists() or numbers_sha256(path.read_text()) != known.sha256:
            fetch_table(name, path, file=None, sha256=None)
        paths[name] = path
    return paths


@pytest.fixture
def default_config() -> dict[str, Any]:
    """A fresh copy of config/config.yaml."""
    return copy.deepcopy(yaml.safe_load((ROOT / "config/config.yaml").read_text()))


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory: pytest.TempPathFactory, tables: dict[str, Path]) -> Path:
    """The tiny configuration, with the tables from the tests' own cache."""
    config = yaml.safe_load((ROOT / "tests/workflow/tiny.yaml").read_text())
    config["potentials"] = {name: {"file": str(path)} for name, path in tables.items()}
    path = tmp_path_factory.mktemp("config") / "tiny.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, tiny_config: Path) -> Path:
    """The folder in which the tiny configuration has run from end to end."""
    directory = tmp_path_factory.mktemp("run")
    finished = _run(directory, "--cores", "2", "--configfile", tiny_config, "--show-failed-logs")
    assert finished.returncode == 0, finished.stdout[-8000:]
    return directory


@pytest.fixture
def make_set(tmp_path: Path) -> Callable[..., tuple[Path, Frames]]:
    """Return a function that writes a set of random frames and returns its path and frames."""

    def make(
        count: int, atoms: int = 6, name: str = "momt.h5", **columns: Any
    ) -> tuple[Path, Frames]:
        generator = np.random.default_rng(count)
        frames = Frames.uniform(
            "Ni",
            positions=generator.random((count, atoms, 3)) * 5,
            cell=np.tile(np.eye(3) * 5, (count, 1, 1)),
            energy=generator.random(count),
            atomic_energies=generator.random(count * atoms),
            forces=generator.random((count * atoms, 3)),
            stress=generator.random((count, 3, 3)),
            columns={
                "enthalpy": generator.random(count),
                "order_parameter": generator.random(count),
                **columns,
            },
        )
        path = tmp_path / name
        write_frames(path, frames)
        return path, frames

    return make


@pytest.fixture(scope="session")
def momt() -> Callable[..., Momt]:
    """Make MOMT settings for 32 nickel atoms with any of them changed."""

    def make(**changes: Any) -> Momt:
        base: dict[str, Any] = {
            "method": "momt",
            "temperature_K": 2000.0,
            "low_temperature_K": 1250.0,
            "high_temperature_K": 3600.0,
            "enthalpy_range_eV_per_atom": (-4.73, -3.99),
            "nodes": (60, 47),
            "enthalpy_width_eV": 0.8,
            "order_width": 0.25,
            "height_kT": 0.1,
            "deposit_interval": 100,
            "constant_deposits": 6000,
            "volume_step": 0.03,
            "learning_steps": 2000,
            "production_steps": 2000,
            "frames": 20,
        }
        return Momt.model_validate(base | changes)

    return make
