"""How long a run's jobs took, from what Snakemake records of each finished job.

The record lies in the working directory and outlives the process, so a run that was made in several
sessions is counted whole. A job that was cut off and went on counts from where it went on.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from potstill.errors import PotstillError

METADATA = Path(".snakemake/metadata")


class Job(NamedTuple):
    """A finished job: its rule, log file, and the times (s since 1970) at which it ran."""

    rule: str
    log: str
    start: float
    end: float


class StageTime(NamedTuple):
    """What the jobs of a stage took together, s.

    total: sum over the jobs; elapsed: time during which at least one of them ran.
    """

    stage: str
    jobs: int
    total: float
    elapsed: float


def read_jobs(metadata: Path, logs: str) -> list[Job]:
    """Return the finished jobs whose logs lie in the folder `logs`, in the order of their starts.

    metadata: Snakemake's folder of records, `METADATA` in the working directory. A job has a record
    for each of its outputs; the latest counts. Raises PotstillError where there is no record.
    """
    jobs: dict[str, Job] = {}
    for path in metadata.rglob("*"):
        if not path.is_file():
            continue
        record = json.loads(path.read_text())
        if record["incomplete"] or not record["log"] or not record["endtime"]:
            continue
        log = str(record["log"][0])
        job = Job(record["rule"], log, record["starttime"], record["endtime"])
        if log.startswith(f"{logs}/") and (log not in jobs or jobs[log].end < job.end):
            jobs[log] = job
    if not jobs:
        raise PotstillError(
            f"{metadata}: no record of a job with its log in {logs}; run Snakemake here, and keep "
            "its folder .snakemake"
        )
    return sorted(jobs.values(), key=lambda job: job.start)


def elapsed(jobs: Iterable[Job]) -> float:
    """Return the time during which at least one of the jobs ran, s: the union of their spans."""
    total, until = 0.0, float("-inf")
    for job in sorted(jobs, key=lambda job: job.start):
        total += max(0.0, job.end - max(job.start, until))
        until = max(until, job.end)
    return total


def by_stage(jobs: Iterable[Job], logs: str) -> list[StageTime]:
    """Return what each stage took, in the order of their first starts.

    A stage is the folder of `logs` that its jobs log to, or the name of a log beside these folders.
    """
    stages: dict[str, list[Job]] = {}
    for job in jobs:
        place = Path(job.log).relative_to(logs).with_suffix("")
        stages.setdefault(place.parts[0], []).append(job)
    return [
        StageTime(stage, len(own), sum(job.end - job.start for job in own), elapsed(own))
        for stage, own in stages.items()
    ]
