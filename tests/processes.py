"""Snakemake as tests start it, and the job of a run that a test is to break."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[1]


def snakemake_command(directory: Path, *arguments: str | Path) -> list[str]:
    """Return the command of Snakemake on this workflow, with results in `directory`."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile"]
    return list(map(str, [*command, "--directory", directory, *arguments]))


def snakemake_at(folder: Path, *arguments: str | Path, **environment: str) -> str:
    """Run Snakemake on this workflow as a person in a folder does; return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", *arguments],
        cwd=folder,
        env=os.environ | environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return done.stdout


def jobs(plan: str) -> dict[str, int]:
    """Return the numbers of jobs by rule from a dry run's table."""
    table = plan.partition("Job stats:")[2].partition("\ntotal")[0]
    return {name: int(n) for name, n in re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)}


def sampling_process(
    candidates: Callable[[], Iterable[psutil.Process]], running: Callable[[], bool]
) -> psutil.Process:
    """Wait for a process that samples to be at it, ready for SIGTERM, and return it.

    candidates: gives the processes to look at; running: whether the run that starts it goes on.
    """
    while running():
        for process in candidates():
            try:
                scripts = [part for part in process.cmdline() if part.endswith("job.py")]
                # what Snakemake puts before the script tells the function that it calls
                if not any("sampling.sample.sample" in Path(s).read_text() for s in scripts):
                    continue
                status = Path(f"/proc/{process.pid}/status").read_text()
            except (psutil.Error, FileNotFoundError):
                continue
            caught = re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)
            if caught and int(caught[1], 16) >> 14 & 1:  # the bit of SIGTERM, number 15
                return process
        time.sleep(0.02)
    pytest.fail("the run ended without a sampling job")
