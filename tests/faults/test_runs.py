"""Whole runs whose processes die, that meet each other, or that find a broken file.

Each ends with the bytes of an unbroken run. `conftest.Runs` starts them and finds their job.
"""

import os
import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def unbroken(runs) -> dict[str, bytes]:
    """What a run leaves that nothing happened to."""
    code, said = runs.run("unbroken", runs.FIGURE)
    assert code == 0, said
    return runs.contents("unbroken")


@pytest.fixture
def started(runs, request) -> Iterator[tuple[str, object, object]]:
    """A run in a folder of its own: its name, process, and sampling job, which has just begun."""
    name = request.node.name
    process = runs.start(name, runs.FRAMES)
    job = runs.sampling_job(process)
    yield name, process, job
    runs.end(process)


def test_the_main_process_is_killed_with_its_job(runs, unbroken, started):
    name, process, job = started
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    job.wait()
    assert not runs.contents(name)
    code, said = runs.run(name, runs.FRAMES)
    assert code != 0 and "cannot be locked" in said and "--unlock" in said
    assert runs.run(name, runs.FRAMES, "--unlock")[0] == 0
    code, said = runs.run(name, runs.FRAMES)
    assert code == 0, said
    assert runs.contents(name).items() <= unbroken.items()


def test_a_job_is_killed_and_another_ended_at_its_time_limit(runs, unbroken, started):
    name, process, job = started
    job.kill()
    assert process.wait() != 0
    assert not runs.contents(name)

    process = runs.start(name, runs.FRAMES)
    runs.sampling_job(process).terminate()
    assert process.wait() != 0
    assert not runs.contents(name)
    assert "saved on SIGTERM" in runs.said(name)

    code, said = runs.run(name, runs.FRAMES)
    assert code == 0, said
    assert "momt.h5.restart: going on from here" in said
    assert runs.contents(name).items() <= unbroken.items()
    assert not runs.leftovers(name)


def test_two_runs_in_one_folder(runs, unbroken, started):
    name, process, job = started
    job.suspend()  # so that it is still at work when the others come
    code, said = runs.run(name, runs.FRAMES)
    assert code != 0 and "cannot be locked" in said
    code, said = runs.run(name, runs.FRAMES, "--nolock")
    assert code != 0
    assert "momt.h5: another process is making this file; wait for it or stop it first" in said
    job.resume()
    assert process.wait() == 0
    assert runs.contents(name).items() <= unbroken.items()
    assert not runs.leftovers(name)


def test_a_full_disk_and_one_that_is_read_only(runs, unbroken, disk):
    name = disk.folder.name
    process = runs.start(name, runs.FRAMES)
    job = runs.sampling_job(process)
    job.suspend()
    disk.fill()
    job.resume()
    assert process.wait() != 0
    assert not runs.contents(name)
    complaint = "momt.h5: cannot be written (No space left on device); free some space"
    assert complaint in runs.said(name)

    disk.empty()
    disk.remount("ro")
    code, said = runs.run(name, runs.FRAMES)
    assert code != 0 and "Read-only file system" in said
    assert not runs.contents(name)

    disk.remount("rw")
    code, said = runs.run(name, runs.FRAMES)
    assert code == 0, said
    assert runs.contents(name).items() <= unbroken.items()


def test_a_truncated_file_is_named_and_made_again(runs, unbroken):
    path = runs.folder / "unbroken" / runs.TRACE
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    code, said = runs.run("unbroken", runs.FIGURE)
    assert code != 0
    assert f"{runs.TRACE}: not a whole result file" in said and "move it away and run again" in said
    path.unlink()
    code, said = runs.run("unbroken", runs.FIGURE)
    assert code == 0, said
    assert runs.contents("unbroken") == unbroken
    assert runs.jobs_of(said) == {"sample": 1, "plot_walk": 1}
