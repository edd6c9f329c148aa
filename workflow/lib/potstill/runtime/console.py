"""What Snakemake's own lines leave out, and what they say at too great length.

It takes part in Snakemake's log in the process that a person started: a progress line ends with the
time left, long lists of files are cut, and what failed is kept for the last lines.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from snakemake.logging import DefaultFormatter
from snakemake_interface_logger_plugins.common import LogEvent

from potstill.runtime.shortened import shortened
from potstill.runtime.time_left import Pace, Remaining, in_words, seconds_left


class Console(logging.Handler):
    """Follow a run by what Snakemake logs.

    workflow: Snakemake's object of that name. expected: how long a job of it should take, s. `left`
    is the time that the run still takes (s), None before its first job is done; jobs that a
    checkpoint adds count from then on. `failed` has rule and log of each job that failed and was
    not done in a later attempt, by number.
    """

    def __init__(self, workflow: Any, expected: Callable[[Any], float]) -> None:
        super().__init__()
        self.workflow, self.expected = workflow, expected
        self.began = time.monotonic()
        self.pace = Pace()
        self.started: dict[int, float] = {}
        self.done: set[int] = set()
        self.left: float | None = None
        self.failed: dict[int, tuple[str, str]] = {}

    def attach(self, logger: logging.Logger) -> None:
        """Follow `logger`, and shorten what its handlers of Snakemake's own format write."""
        for handler in logger.handlers:
            if type(handler.formatter) is DefaultFormatter:
                handler.setFormatter(_Brief(handler.formatter, self))
        logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of a job's start, end or failure."""
        try:
            self._note(record)
        except Exception:  # a line that is wrong must not end a run
            self.handleError(record)

    def _note(self, record: Any) -> None:
        match getattr(record, "event", None):
            case LogEvent.JOB_INFO:
                self.started[record.jobid] = time.monotonic()
            case LogEvent.JOB_FINISHED:
                self._finished(record.job_id)
            case LogEvent.JOB_ERROR:
                self._failed(vars(record))
            case LogEvent.GROUP_ERROR:
                for job in record.job_error_info:
                    self._failed(job)

    def _failed(self, job: dict[str, Any]) -> None:
        self.failed[job["jobid"]] = job["rule_name"], next(iter(job["log"]), "")

    def _finished(self, number: int) -> None:
        dag, now = self.workflow.dag, time.monotonic()
        self.done.add(number)
        self.failed.pop(number, None)
        jobs = {}
        for job in dag.needrun_jobs():
            rule, expected = job.rule.name, self.expected(job)
            if (key := dag.jobid(job)) == number and key in self.started:
                self.pace.add(rule, expected, now - self.started[key])
            if key not in self.done:
                after = tuple(map(dag.jobid, dag.job_dependencies(job)))
                jobs[key] = rule, expected, self._cores(job), after
        self.left = seconds_left(
            {
                key: Remaining(self._rest(key, rule, expected, now), cores, after)
                for key, (rule, expected, cores, after) in jobs.items()
            },
            self._all_cores(),
        )

    def _rest(self, key: int, rule: str, expected: float, now: float) -> float:
        return max(0.0, self.pace.corrected(rule, expected) - (now - self.started.get(key, now)))

    def _all_cores(self) -> int:
        """Return the cores of this machine that the run takes, or its jobs in a cluster's queue."""
        at_once = self.workflow.nodes or self.workflow.global_resources["_cores"].value
        return int(at_once)

    def _cores(self, job: Any) -> int:
        threads = job.rule.resources["_cores"].value
        return 1 if self.workflow.nodes or not isinstance(threads, int) else threads

    def seconds(self) -> float:
        """Return how long the run has taken, s."""
        return time.monotonic() - self.began

    def failures(self) -> list[str]:
        """Return a line for each job that failed: its rule, its log, and the log's last line."""
        return [
            f"failed: {rule}, {log or 'no log'}{_last_line(log)}"
            for rule, log in self.failed.values()
        ]


class _Brief(DefaultFormatter):
    """Snakemake's format with short lists of files and, in progress lines, the time left."""

    def __init__(self, usual: DefaultFormatter, console: Console) -> None:
        super().__init__(usual.quiet, usual.show_failed_logs)
        self.console = console

    def format_job_info(self, msg: dict[str, Any]) -> str:
        short = _short(msg) | {"reason": shortened_reason(msg["reason"])}
        return str(super().format_job_info(msg | short))

    def format_job_error(self, msg: dict[str, Any]) -> str:
        return str(super().format_job_error(msg | _short(msg)))

    def format_progress(self, msg: dict[str, Any]) -> str:
        line, left = super().format_progress(msg), self.console.left
        return f"{line}, about {in_words(left)} left" if left else line


def _short(msg: dict[str, Any]) -> dict[str, Any]:
    return {name: shortened(msg[name]) for name in ("input", "output")}


def shortened_reason(reason: str) -> str:
    """Return why Snakemake runs a job, with its lists of files shortened."""
    parts = []
    for part in reason.split("; "):
        head, colon, files = part.partition(": ")
        parts.append(head + colon + ", ".join(shortened(files.split(", "))))
    return "; ".join(parts)


def _last_line(log: str) -> str:
    try:
        lines = Path(log).read_text(errors="replace").split("\n") if log else []
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return f": {said[-1]}" if said else ""
