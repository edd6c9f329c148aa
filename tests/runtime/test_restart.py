"""Restart files: save, go on, ignore what is not ours, end on SIGTERM, keep twins out."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from potstill.errors import PotstillError
from potstill.runtime.restart import restart_file


def test_interrupted_job_goes_on(tmp_path):
    output = tmp_path / "momt.h5"
    with pytest.raises(KeyboardInterrupt), restart_file(output, "a") as restart:
        assert restart.load() is None
        restart.save({"step": np.array(40), "positions": np.eye(3)})
        raise KeyboardInterrupt
    assert (tmp_path / "momt.h5.restart").exists()
    with restart_file(output, "a") as restart:
        state = restart.load()
    assert state is not None and set(state) == {"step", "positions"}
    assert state["step"] == 40
    np.testing.assert_array_equal(state["positions"], np.eye(3))
    assert list(tmp_path.iterdir()) == []  # nothing is left after success


def test_other_settings_start_afresh(tmp_path, capsys):
    output = tmp_path / "momt.h5"
    with pytest.raises(KeyboardInterrupt), restart_file(output, "a") as restart:
        restart.save({"step": np.array(40)})
        raise KeyboardInterrupt
    with restart_file(output, "b") as restart:
        assert restart.load() is None
    assert "other settings" in capsys.readouterr().err


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.98])
def test_a_broken_file_starts_afresh(tmp_path, capsys, kept):
    output = tmp_path / "momt.h5"
    with pytest.raises(KeyboardInterrupt), restart_file(output, "a") as restart:
        restart.save({"step": np.array(40), "positions": np.eye(30)})
        raise KeyboardInterrupt
    content = restart.path.read_bytes()
    restart.path.write_bytes(content[: int(kept if kept >= 1 else kept * len(content))])
    with restart_file(output, "a") as restart:
        assert restart.load() is None
    assert "momt.h5.restart: not a whole restart file, starting afresh" in capsys.readouterr().err


def test_pickles_are_not_loaded(tmp_path, capsys):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "done"),)

    output = tmp_path / "momt.h5"
    with restart_file(output, "a") as restart:
        with restart.path.open("wb") as handle:
            np.savez(handle, fingerprint=np.array("a"), step=np.array(Hostile(), dtype=object))
        assert restart.load() is None
    assert not (tmp_path / "done").exists()


def test_due(tmp_path):
    with restart_file(tmp_path / "a", "a", interval_s=1000) as restart:
        assert not restart.due()
        restart.interval_s = 0
        assert restart.due()


def test_sigterm_saves_and_ends(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    with (
        pytest.raises(SystemExit) as ended,
        restart_file(tmp_path / "a", "a", interval_s=1000) as restart,
    ):
        os.kill(os.getpid(), signal.SIGTERM)
        assert restart.due()
        restart.save({"step": np.array(7)})
        pytest.fail("the job should have ended")
    assert ended.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before
    with restart_file(tmp_path / "a", "a") as restart:
        assert (restart.load() or {})["step"] == 7


def test_a_twin_is_refused(tmp_path):
    output = tmp_path / "momt.h5"
    twin = (
        "from potstill.runtime.restart import restart_file\n"
        "from potstill.errors import PotstillError\n"
        "try:\n"
        f"    restart_file({str(output)!r}, 'a').__enter__()\n"
        "except PotstillError as error:\n"
        "    print(error)\n"
    )
    with restart_file(output, "a"):
        told = subprocess.run([sys.executable, "-c", twin], capture_output=True, text=True)
    assert "momt.h5: another process is making this file; wait for it" in told.stdout


def test_a_lock_taken_on_a_file_that_is_gone_counts_for_nothing(tmp_path, monkeypatch):
    """Between its opening and its locking the holder ended, and removed it."""
    output, flock = tmp_path / "momt.h5", fcntl.flock

    def late(handle, operation):
        os.unlink(f"{output}.lock")
        flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(PotstillError, match="another process is making this file"):
        restart_file(output, "a").__enter__()


def test_a_file_system_without_locks(tmp_path, monkeypatch, capsys):
    def flock(handle, operation):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    with restart_file(tmp_path / "momt.h5", "a") as restart:
        assert restart.load() is None
    assert "no locks on this file system (Function not implemented)" in capsys.readouterr().err


def test_failed_save_keeps_the_last_state(tmp_path):
    output = tmp_path / "momt.h5"
    with pytest.raises(ValueError), restart_file(output, "a") as restart:
        restart.save({"step": np.array(1)})
        restart.save({"step": np.array([object()])})  # no pickles
    with restart_file(output, "a") as restart:
        assert (restart.load() or {})["step"] == 1
    assert not list(Path(tmp_path).glob(".*"))


def test_errors_pass_through(tmp_path):
    with pytest.raises(PotstillError, match="bad"), restart_file(tmp_path / "a", "a"):
        raise PotstillError("bad")
