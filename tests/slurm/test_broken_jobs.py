"""Jobs that Slurm ends, or that end with their node, go on and end with the same bytes."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import cluster
import psutil
import pytest
import yaml
from processes import ROOT, sampling_process, snakemake_command

SET = "results/tiny/sampling/Ni/32/momt"


@pytest.fixture(scope="module")
def config(tiny_config, tmp_path_factory) -> Path:
    """The tiny configuration with a set that takes a few seconds."""
    content = yaml.safe_load(tiny_config.read_text())
    content["sampling"]["Ni/32/momt"] |= {"learning_steps": 600_000, "production_steps": 300_000}
    path = tmp_path_factory.mktemp("long") / "long.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def whole(config, snakemake_in, tmp_path_factory) -> bytes:
    """The frames of a run without Slurm and without a fault."""
    folder = tmp_path_factory.mktemp("whole")
    made = snakemake_in(folder, "--cores", "2", "--configfile", config, "--", f"{SET}.h5")
    assert made.returncode == 0, made.stdout
    return (folder / f"{SET}.h5").read_bytes()


class Run:
    """The set of `config` made by `snakemake --profile slurm`, and its job that samples."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.folder = folder
        options = (*cluster.PROFILES, "--configfile", config, "--", f"{SET}.h5")
        with (folder / "said.txt").open("w") as output:
            self.main = subprocess.Popen(
                snakemake_command(folder, *options),
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.sampling = sampling_process(self._own, lambda: self.main.poll() is None)
        self.job = self.sampling.environ()["SLURM_JOB_ID"]
        time.sleep(1)  # some way into the run

    def _own(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter(["cmdline"]):
            if str(self.folder) in "".join(process.info["cmdline"] or ()):
                yield process

    def end(self) -> str:
        """Wait for the end, which is to be a good one, and return what Snakemake said."""
        status = self.main.wait(timeout=300)
        said = (self.folder / "said.txt").read_text()
        assert status == 0, said[-8000:]
        return said


@pytest.fixture
def run(slurm, config, tmp_path) -> Iterator[Run]:
    """A run that is sampling."""
    started = Run(tmp_path, config)
    yield started
    if started.main.poll() is None:
        started.main.kill()
        started.main.wait()


def test_a_job_at_its_time_limit_goes_on_with_more_of_everything(run, whole):
    run.sampling.send_signal(signal.SIGSTOP)  # until Slurm wakes it to end it
    cluster.call("scontrol", "update", f"JobId={run.job}", "TimeLimit=1")
    said = run.end()
    assert "saved on SIGTERM" in said
    log = run.folder / "results/tiny/logs/sampling/Ni-32-momt.log"
    assert f"{SET}.h5.restart: going on from here" in log.read_text()
    first, second = cluster.jobs_of(run.folder)
    assert (first["JobState"], first["TimeLimit"]) == ("TIMEOUT", "00:01:00")
    assert (second["JobState"], second["TimeLimit"]) == ("COMPLETED", "04:00:00")
    assert "mem=2000M" in first["TRES"] and "mem=4000M" in second["TRES"]
    assert (run.folder / f"{SET}.h5").read_bytes() == whole


def test_a_job_on_a_node_that_dies_is_done_again(slurm, run, whole):
    cluster.kill_node(slurm)
    assert not run.sampling.is_running()
    cluster.start_node(slurm)
    # Slurm queues it again, for two minutes later. When that is cut short, what is left of Slurm's
    # killing may hit the new job, and Snakemake submits one more.
    cluster.call("scontrol", "update", f"JobId={run.job}", "StartTime=now")
    run.end()
    jobs = cluster.jobs_of(run.folder)
    assert jobs[0]["Restarts"] == "1"
    assert jobs[-1]["JobState"] == "COMPLETED"
    assert (run.folder / f"{SET}.h5").read_bytes() == whole
