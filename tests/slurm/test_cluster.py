"""The tests' Slurm itself: where it must not start, and what it may stop. Needs no Slurm."""

import os
import subprocess
import sys
import time
from pathlib import Path

import cluster
import pytest


@pytest.fixture
def own_etc(tmp_path, monkeypatch):
    """/etc/slurm is another folder here, the programs are there, and the user is root."""
    monkeypatch.setattr(cluster, "ETC", tmp_path)
    monkeypatch.setattr(cluster, "CONFIG", tmp_path / "slurm.conf")
    monkeypatch.setattr(cluster, "FOREIGN", [tmp_path / "slurm.conf", tmp_path / "gres.conf"])
    monkeypatch.setattr(cluster, "PROGRAMS", ["true"])
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def test_nothing_in_the_way(own_etc):
    assert cluster.obstacle() is None


def test_without_programs_it_says_how_to_get_them(own_etc, monkeypatch):
    monkeypatch.setattr(cluster, "PROGRAMS", ["slurmctld-that-is-not-there"])
    assert "apt-get install --no-install-recommends slurm-wlm munge" in cluster.obstacle()


def test_without_root(own_etc, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "needs root" in cluster.obstacle()


@pytest.mark.parametrize("name", ["slurm.conf", "gres.conf"])
def test_another_cluster_is_left_alone(own_etc, name):
    (own_etc / name).write_text("ClusterName=somebodys\n")
    assert cluster.obstacle().startswith(f"{own_etc / name} belongs to another Slurm")


def test_what_killed_tests_left_is_cleared_away(own_etc, tmp_path, monkeypatch):
    """A daemon is stopped, and a process that has a daemon's old number is not."""

    def no_slurm(*command):
        raise FileNotFoundError

    monkeypatch.setattr(cluster, "call", no_slurm)
    folder = tmp_path / "left"
    folder.mkdir()
    wait = (sys.executable, "-c", "import time; time.sleep(60)")
    with subprocess.Popen([*wait, folder]) as daemon, subprocess.Popen(wait) as stranger:
        # a process that has only just begun has no command line yet
        while not Path(f"/proc/{daemon.pid}/cmdline").read_bytes():
            time.sleep(0.01)
        (folder / "slurmctld.pid").write_text(str(daemon.pid))
        (folder / "slurmd.pid").write_text(str(stranger.pid))
        (folder / "munged.pid").write_text("")
        (own_etc / "slurm.conf").write_text(f"{cluster.MARK}{folder}\nClusterName=potstill\n")
        (own_etc / "plugstack.conf").write_text("not ours")
        assert cluster.obstacle() is None
        cluster.clear_earlier()
        assert daemon.wait(10) == -15
        assert stranger.poll() is None
        stranger.kill()
    assert not folder.exists()
    assert [path.name for path in own_etc.iterdir()] == ["plugstack.conf"]
