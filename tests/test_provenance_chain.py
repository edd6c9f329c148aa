"""What made a file: the chain of records, and what has changed since."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from potstill.errors import PotstillError
from potstill.potentials.known_tables import KNOWN
from potstill.provenance import chain, describe
from potstill.runtime.job import job

TABLE, SET, PAGE = (
    f"results/r/{name}" for name in ("potentials/Al.eam.fs", "sampling/set.h5", "tables/table.md")
)


def make(
    rule: str, inputs: list[str], outputs: list[str], text: str = "", **params: object
) -> None:
    """Run a job in the current folder that writes `text` into its outputs."""
    log = Path(f"results/r/logs/{rule}.log")
    for path in (log, *map(Path, outputs)):
        path.parent.mkdir(parents=True, exist_ok=True)
    snakemake = SimpleNamespace(
        rule=rule, input=inputs, output=outputs, params=params, log=[str(log)], scriptdir="."
    )
    with job(snakemake):
        for path in outputs:
            Path(path).write_text(text or rule)


@pytest.fixture
def run(tmp_path, monkeypatch, tables) -> Path:
    """Potential -> sampled set -> table, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    make("potential", [], [TABLE], tables["Al"].read_text(), settings={"file": None})
    make("sample", [TABLE], [SET, SET.replace("set", "trace")], seed=7, settings={"frames": 60})
    make("table", [SET], [PAGE], version=3)
    return tmp_path


def blocks(file: str | Path) -> dict[str, list[str]]:
    """Return the lines that tell of each file, by the file."""
    found: dict[str, list[str]] = {}
    for line in describe(Path(file)):
        if line.startswith("    "):
            found[list(found)[-1]].append(line.strip())
        else:
            found[line] = []
    return found


def test_the_chain_from_the_potential_to_the_table(run):
    told = blocks(run / PAGE)
    *files, versions = told
    assert files == [TABLE, SET, PAGE]
    assert f"sha256 of the potential's numbers: {KNOWN['Al'].sha256}" in told[TABLE]
    assert {"rule: sample", "seed: 7", 'settings: {"frames": 60}'} < set(told[SET])
    assert f"from: {TABLE}" in told[SET] and f"from: {SET}" in told[PAGE]
    assert "version: 3" in told[PAGE]
    assert versions.startswith("made with code of no known revision, python 3.")
    assert "numba " in versions and "torch " in versions
    assert not any("since" in line for lines in told.values() for line in lines)


def test_what_has_changed_since_is_told(run):
    make("sample", [TABLE], [SET], "other", seed=8)
    told = blocks(PAGE)
    assert f"from: {SET} (made again since, with other content)" in told[PAGE]
    Path(SET).write_text("by hand")
    Path(TABLE).unlink()
    told = blocks(PAGE)
    assert any(line.endswith("(the file was changed since)") for line in told[SET])
    assert any(line.endswith("(the file is gone)") for line in told[TABLE])


def test_a_missing_link_is_told(run):
    Path("results/r/logs/potential.json").unlink()
    assert blocks(PAGE)[TABLE] == ["no record of what made it"]


def test_each_file_comes_once_after_its_sources():
    sources = {"d": ["b", "c"], "c": ["a", "b"], "b": ["a"]}
    records = {name: {"inputs": dict.fromkeys(files)} for name, files in sources.items()}
    assert chain("d", records) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("results/r/tables/table_9.md", "no such file; name a result"),
        ("elsewhere.md", "not in the folder of a run, as results/default; name a result"),
        ("results/r/logs/table.log", "tells what made it; name a result, or make it again with"),
        ("results/r/broken.md", r"broken\.json: not valid JSON"),
    ],
)
def test_bad_questions_end_in_one_line(run, file, told):
    Path("elsewhere.md").touch()
    if "broken" in file:
        Path(file).touch()
        Path("results/r/logs/broken.json").write_text("{")
    with pytest.raises(PotstillError, match=told):
        list(describe(Path(file)))


def test_command_line(run):
    def ask(file):
        main = "from potstill.command.main import main; main()"
        command = [sys.executable, "-c", main, "provenance", file]
        return subprocess.run(command, capture_output=True, text=True)

    assert ask(PAGE).stdout.splitlines() == list(describe(Path(PAGE)))
    refused = ask("nothing.md")
    assert refused.returncode == 1 and not refused.stdout
    assert refused.stderr.startswith("error: ") and refused.stderr.count("\n") == 1
