"""Progress lines: done, rate and the watched quantity; not too many of them."""

import re

from potstill.runtime import progress
from potstill.runtime.progress import Progress, heard, say


def test_line_tells_the_rate(capsys, monkeypatch):
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    bar = Progress("sample Ni", 1000, "steps", start=200, interval_s=5)
    now = 103.0
    bar.update(250)
    assert capsys.readouterr().err == ""
    now = 110.0
    bar.update(600, "H/N -4.5 eV")
    # 400 steps of this attempt in 10 s
    line = "sample Ni: 600/1000 steps, 40 steps/s, H/N -4.5 eV\n"
    assert capsys.readouterr().err == line


def test_the_last_line_always_comes(capsys):
    bar = Progress("train", 3, "epochs", interval_s=1000)
    for epoch in (1, 2, 3):
        bar.update(epoch)
    assert re.fullmatch(r"train: 3/3 epochs, .* epochs/s\n", capsys.readouterr().err)


def test_what_is_said_can_be_heard(capsys):
    with heard() as lines:
        say("one")
        with heard() as inner:
            say("two")
        say("three")
    say("four")
    assert (lines, inner) == (["one", "three"], ["two"])
    assert capsys.readouterr().err == "four\n"
