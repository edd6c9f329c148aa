"""Running the workflow in a folder of its own, and the tiny run that several tests look at."""

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]

Snakemake = Callable[..., subprocess.CompletedProcess[str]]


def _run(directory: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Snakemake on this repository's workflow, with results in `directory`."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile"]
    return subprocess.run(
        [*map(str, command), "--directory", str(directory), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="session")
def snakemake_in() -> Snakemake:
    """Function of a directory and of Snakemake's arguments; returns the finished process."""
    return _run


@pytest.fixture
def default_config() -> dict[str, Any]:
    """A fresh copy of config/config.yaml."""
    return copy.deepcopy(yaml.safe_load((ROOT / "config/config.yaml").read_text()))


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory: pytest.TempPathFactory, tables: dict[str, Path]) -> Path:
    """The tiny configuration, with the tables from the tests' own cache."""
    config = yaml.safe_load((Path(__file__).parent / "tiny.yaml").read_text())
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
