"""Compiled functions follow their sources, one process at a time compiles, numba stays as it was.

A package of the tests stands for the library: its functions are the only ones in it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from potstill.runtime.compile_cache import private_folder

ROOT = Path(__file__).parents[2]

CALLED = (
    "from potstill.runtime.compiled import njit\n\n\n"
    "@njit(cache=True)\ndef called():\n    return {}\n"
)
CALLER = (
    "from potstill.runtime.compiled import njit\nfrom compiled.called import called\n\n\n"
    "@njit(cache=True)\ndef caller():\n    return 10 * called()\n"
)
# what stands for the library from there on
INSTEAD = """
from pathlib import Path
from potstill.runtime import compile_cache
compile_cache.PACKAGE = Path("compiled").resolve()
"""


@pytest.fixture
def package(tmp_path):
    """Write a package in which one compiled function calls another's."""
    folder = tmp_path / "compiled"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "called.py").write_text(CALLED.format(1))
    (folder / "caller.py").write_text(CALLER)
    return folder


def process(folder: Path, script: str, cache: Path | None = None) -> subprocess.Popen[str]:
    """Start a script in a folder, with NUMBA_CACHE_DIR or without."""
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    if cache:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    return subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(folder: Path, script: str, cache: Path | None = None) -> list[str]:
    """Return the lines that a script prints."""
    job = process(folder, script, cache)
    out = job.communicate(timeout=120)[0]
    assert job.returncode == 0
    return out.splitlines()


def call(package: Path, cache: Path | None = None) -> int:
    script = f"{INSTEAD}\nfrom compiled.caller import caller\nprint(caller())"
    return int(said(package.parent, script, cache)[0])


@pytest.mark.parametrize("given", [False, True])
def test_an_edit_of_what_is_called_reaches_the_caller(package, given):
    """In the library's own place and in one that NUMBA_CACHE_DIR names."""
    cache = package.parent / "cache" if given else None
    place = cache or package / "__pycache__"
    assert call(package, cache) == call(package, cache) == 10
    (before,) = place.glob("numba-*")
    assert list(before.rglob("*.nbi"))  # it was kept
    (package / "called.py").write_text(CALLED.format("23456"))
    assert call(package, cache) == 234560
    assert len(list(place.glob("numba-*"))) == 2


def test_jobs_that_start_together_compile_once(package):
    """One compiles both functions, and the others, which wait for it, find them."""
    script = f"""
{INSTEAD}
from compiled.caller import caller
from numba.core.event import install_recorder
print("ready", flush=True)
input()
with install_recorder("numba:compile") as compiled:
    assert caller() == 10
print(len(compiled.buffer))
"""
    jobs = [process(package.parent, script) for _ in range(3)]
    assert {job.stdout.readline() for job in jobs} == {"ready\n"}
    for job in jobs:
        job.stdin.write("\n")
        job.stdin.flush()
    events = sorted(int(job.communicate(timeout=120)[0]) for job in jobs)
    assert events == [0, 0, 4]  # begin and end of two functions


def test_a_job_that_was_suspended_keeps_no_other_waiting_for_ever(package):
    script = f"""
{INSTEAD}
import fcntl
from potstill.runtime import compile_lock
compile_lock.WAIT_S = 0.2
folder = compile_cache.cache_folder()
folder.mkdir(parents=True)
suspended = (folder / "lock").open("w")
fcntl.flock(suspended, fcntl.LOCK_EX)
from compiled.caller import caller
print(caller())
"""
    assert said(package.parent, script) == ["10"]


def test_a_function_that_does_not_compile_lets_the_lock_go(package):
    script = f"""
{INSTEAD}
import fcntl
import numba
from potstill.runtime.compiled import njit
@njit(cache=True)
def wrong(x):
    return x + "one"
try:
    wrong(1)
except numba.TypingError:
    print("wrong")
with (compile_cache.cache_folder() / "lock").open("w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
print("free")
"""
    (package.parent / "job.py").write_text(script)  # a cache needs a file
    assert said(package.parent, "import job") == ["wrong", "free"]


def test_no_module_changes_what_the_process_shares():
    """Of the environment, numba's settings, who listens to its events and where its caches are."""
    script = """
import importlib
import os
import pkgutil
from numba import config
from numba.core import caching, event

def shared():
    settings = {f"config.{name}": value for name, value in vars(config).items() if name.isupper()}
    listeners = {kind: list(who) for kind, who in event._registered.items() if who}
    return dict(os.environ) | settings | listeners | {"": list(caching.CacheImpl._locator_classes)}

before = shared()
import potstill
for module in pkgutil.walk_packages(potstill.__path__, "potstill."):
    importlib.import_module(module.name)
after = shared()
print(sorted(name for name in before | after if before.get(name, 0) != after.get(name, 0)))
"""
    assert said(ROOT, script) == ["[]"]


def test_a_users_function_goes_to_numbas_place(package):
    """In a process that has compiled one of the library's, which went to the library's."""
    (package.parent / "user.py").write_text(
        "from numba import njit\nfrom compiled.called import called\n\n\n"
        "@njit(cache=True)\ndef own():\n    return 3 * called()\n"
    )
    script = f"""
{INSTEAD}
from user import own
from compiled.called import called
print(own(), own.stats.cache_path, called.stats.cache_path, sep="\\n")
"""
    for cache in (None, package.parent / "cache"):
        result, own, library = said(package.parent, script, cache)
        assert result == "3"
        assert list(Path(own).glob("user.own-*.nbi"))
        assert list(Path(library).glob("called.called-*.nbi"))
        assert not list(Path(library).glob("*own*"))
        if cache is None:
            assert Path(own) == package.parent / "__pycache__"
            assert Path(library).parents[1] == package / "__pycache__"
        else:
            assert Path(own).parent == cache
            assert Path(library).parents[1] == cache


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
