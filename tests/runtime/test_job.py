"""Scripts: output in the log as well, one line for a PotstillError, a traceback for a bug."""

import hashlib
import json
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest

from potstill.errors import PotstillError
from potstill.runtime.job import job


@pytest.fixture
def rule(tmp_path: Path) -> SimpleNamespace:
    """What a script has in `snakemake`: two files in, one out, a setting."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    return SimpleNamespace(
        rule="train",
        log=[str(tmp_path / "train.log")],
        input=[str(tmp_path / "a"), str(tmp_path / "b")],
        output=[str(tmp_path / "out")],
        params={"settings": {"layers": (8, 4)}, "seed": 3},
        scriptdir=str(tmp_path),
    )


def log(rule: SimpleNamespace) -> str:
    return Path(rule.log[0]).read_text()


def test_output_goes_to_screen_and_log(rule, capsys):
    before = sys.stdout, sys.stderr
    with job(rule) as inside:
        assert inside is rule
        Path(rule.output[0]).write_text("made")
        print("to output")
        print("to error", file=sys.stderr)
        assert log(rule) == "to output\nto error\n"  # at once, not when the job ends
        Path(rule.output[0]).write_text("made")
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr() == ("to output\n", "to error\n")


def test_potstill_error_is_one_line(rule, capsys):
    with pytest.raises(SystemExit) as ended, job(rule):
        raise PotstillError("frames.h5: frame 3 is bad; remove it")
    assert ended.value.code == 1
    assert log(rule) == "error in rule train: frames.h5: frame 3 is bad; remove it\n"
    assert capsys.readouterr().err == log(rule)


def test_a_bug_keeps_its_traceback(rule):
    with pytest.raises(SystemExit) as ended, job(rule):
        raise ZeroDivisionError("a bug")
    assert ended.value.code == 1
    assert "Traceback" in log(rule) and "ZeroDivisionError: a bug" in log(rule)


def test_a_job_leaves_the_record_of_what_it_made_of_what(rule, tmp_path):
    records = []
    for _ in range(2):
        with job(rule):
            Path(rule.output[0]).write_text("made")
        records.append((tmp_path / "train.json").read_bytes())
    assert records[0] == records[1]  # no times in it
    record = json.loads(records[0])
    assert record["rule"] == "train"
    assert record["params"] == {"settings": {"layers": [8, 4]}, "seed": 3}
    for files in ("inputs", "outputs"):
        for path, digest in record[files].items():
            assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == digest
    assert list(record["inputs"]) == rule.input and list(record["outputs"]) == rule.output
    assert record["packages"]["numpy"] == numpy.__version__


def test_a_record_that_cannot_be_made_does_not_undo_the_job(rule, tmp_path, capsys):
    with job(rule):
        Path(rule.input[0]).unlink()
        Path(rule.output[0]).write_text("made")
    assert "no record of what was made of what: " in capsys.readouterr().err
    assert Path(rule.output[0]).exists() and not (tmp_path / "train.json").exists()


def test_a_failed_job_leaves_no_record(rule, tmp_path):
    with pytest.raises(SystemExit), job(rule):
        raise PotstillError("bad")
    assert not (tmp_path / "train.json").exists()


def test_lines_that_cannot_be_written_do_not_end_the_job(rule, monkeypatch, capsys):
    """A full disk under the log, and the reader of the output gone with a killed Snakemake."""
    reader, writer = os.pipe()
    os.close(reader)
    rule.log = ["/dev/full"]
    with open(writer, "wb", buffering=0) as gone:
        monkeypatch.setattr(sys, "stdout", TextIOWrapper(gone, write_through=True))
        with pytest.raises(SystemExit), job(rule):
            print("progress")
            raise PotstillError("this is the end")
    assert "this is the end" in capsys.readouterr().err
