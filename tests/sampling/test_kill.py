"""A sampling job that is killed again and again ends with the bytes of an unbroken one."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("kill_me.py")
KILLS = 8


def start(settings, table, folder):
    folder.mkdir(exist_ok=True)
    outputs = [folder / name for name in ("set.h5", "set.json", "set_trace.h5")]
    process = subprocess.Popen(
        [sys.executable, SCRIPT, settings.model_dump_json(), table, *outputs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_random_kills_do_not_change_the_bytes(tmp_path, tables, momt):
    settings = momt(learning_steps=60_000, production_steps=60_000, frames=60)
    whole = start(settings, tables["Ni-Nb"], tmp_path / "whole")
    _, said = whole.communicate()
    assert whole.returncode == 0, said

    generator = random.Random(3)
    killed = resumed = 0
    for _ in range(10 * KILLS):
        process = start(settings, tables["Ni-Nb"], tmp_path / "killed")
        if killed < KILLS:
            # after some of its 55 saves, at any moment between two
            saves = generator.randrange(1, 15)
            if all(process.stdout.readline() for _ in range(saves)):
                time.sleep(generator.uniform(0, 0.03))
                process.send_signal(generator.choice([signal.SIGKILL, signal.SIGTERM]))
                killed += 1
        _, said = process.communicate()
        resumed += "going on from here" in said
        if process.returncode == 0:
            break
        assert process.returncode in (-signal.SIGKILL, 143, -signal.SIGTERM), said
    else:
        pytest.fail("the job never came to its end")
    assert killed >= 2 and resumed >= 2
    for name in ("set.h5", "set_trace.h5"):
        assert (tmp_path / "whole" / name).read_bytes() == (
            tmp_path / "killed" / name
        ).read_bytes(), name
    assert {path.name for path in (tmp_path / "killed").iterdir()} == {
        "set.h5",
        "set.json",
        "set_trace.h5",
    }
