"""Scripts: output in the log as well, one line for a PotstillError, a traceback for a bug."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from potstill.errors import PotstillError
from potstill.runtime.job import job


@pytest.fixture
def rule(tmp_path: Path) -> SimpleNamespace:
    return SimpleNamespace(rule="train", log=[str(tmp_path / "train.log")])


def log(rule: SimpleNamespace) -> str:
    return Path(rule.log[0]).read_text()


def test_output_goes_to_screen_and_log(rule, capsys):
    before = sys.stdout, sys.stderr
    with job(rule) as inside:
        assert inside is rule
        print("to output")
        print("to error", file=sys.stderr)
        assert log(rule) == "to output\nto error\n"  # at once, not when the job ends
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
