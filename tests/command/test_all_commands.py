"""What all subcommands share: help with an example, and one line for bad input."""

import sys

import pytest
import typer.main

from potstill.command import main
from potstill.command.main import app

SUBCOMMANDS = sorted(typer.main.get_command(app).commands)


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_help_shows_an_example(potstill, name):
    assert f"Example: potstill {name} " in potstill(name, "--help").stdout


def test_bad_input_ends_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["potstill", "audit", str(tmp_path / "absent.xyz")])
    with pytest.raises(
        SystemExit, match=r"^error: .*absent.xyz: no such file; name a file of"
    ) as e:
        main.main()
    assert "\n" not in str(e.value)
