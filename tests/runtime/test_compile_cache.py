"""Compiled functions follow their sources, and one process at a time compiles."""

import fcntl
import os
import subprocess
import sys

import pytest

from potstill.runtime.compile_cache import cache_folder, private_folder

CALLED = (
    "from potstill.runtime.compiled import njit\n\n\n"
    "@njit(cache=True)\ndef called():\n    return {}\n"
)
CALLER = (
    "from potstill.runtime.compiled import njit\nfrom {package}.called import called\n\n\n"
    "@njit(cache=True)\ndef caller():\n    return 10 * called()\n"
)


@pytest.fixture
def package(tmp_path):
    """Write a package in which one compiled function calls another's."""
    folder = tmp_path / "compiled"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "called.py").write_text(CALLED.format(1))
    (folder / "caller.py").write_text(CALLER.format(package="compiled"))
    return folder


def environment(package):
    return os.environ | {
        "NUMBA_CACHE_DIR": str(cache_folder(package)),
        "PYTHONPATH": str(package.parent),
    }


def call(package):
    script = "from compiled.caller import caller; print(caller())"
    return int(subprocess.check_output([sys.executable, "-c", script], env=environment(package)))


def test_an_edit_of_what_is_called_reaches_the_caller(package):
    before = cache_folder(package)
    assert call(package) == call(package) == 10
    assert list(before.rglob("*.nbi"))  # it was kept
    (package / "called.py").write_text(CALLED.format("23456"))
    assert cache_folder(package) != before
    assert call(package) == 234560


def test_jobs_that_start_together_compile_one_after_another(package):
    """The outermost compilations, with what they call, do not overlap."""
    script = """
from compiled.caller import caller
from numba.core.event import install_recorder
print("ready", flush=True)
input()
with install_recorder("numba:compile") as compiled:
    caller()
print(*[time for time, event in compiled.buffer])
"""
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env=environment(package),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    assert {job.stdout.readline() for job in jobs} == {"ready\n"}
    for job in jobs:
        job.stdin.write("\n")
        job.stdin.flush()
    said = [[float(time) for time in job.communicate()[0].split()] for job in jobs]
    first, *others = sorted((times for times in said if times), key=max)
    assert len(first) == 4  # begin and end of two functions
    for times in others:  # which found the one that is called
        assert len(times) == 2 and first[-1] <= times[0]


def test_a_job_that_was_suspended_keeps_no_other_waiting_for_ever(package):
    folder = cache_folder(package)
    folder.mkdir(parents=True)
    script = """
from potstill.runtime import compiled
compiled.WAIT_S = 0.2
from compiled.caller import caller
print(caller())
"""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        given = environment(package)
        said = subprocess.check_output([sys.executable, "-c", script], env=given, timeout=60)
    assert int(said) == 10


@pytest.mark.parametrize("first", ["numba", "potstill"])
def test_the_library_uses_its_folder_unless_told_another(first, tmp_path):
    script = f"import {first}, potstill, numba; print(numba.config.CACHE_DIR)"
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    for given in (None, str(tmp_path)):
        if given:
            environment["NUMBA_CACHE_DIR"] = given
        said = subprocess.check_output([sys.executable, "-c", script], env=environment, text=True)
        folder = said.strip()
        assert folder == given if given else "numba-" in folder and "potstill" in folder


def test_nobody_else_can_put_pickles_in_the_folder(tmp_path):
    """Of numba's cache outside of the package, in a place where others may write."""
    folder = tmp_path / "mine"
    assert private_folder(folder) == folder and folder.stat().st_mode & 0o777 == 0o700
    assert private_folder(folder) == folder
    folder.chmod(0o777)
    open_to_all = private_folder(folder)
    link = tmp_path / "link"
    link.symlink_to(folder)
    followed = private_folder(link)
    for other in (open_to_all, followed):
        assert other not in (folder, link) and other.stat().st_mode & 0o777 == 0o700
        other.rmdir()
