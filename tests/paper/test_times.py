"""Times of jobs: sums and unions of spans, from records as Snakemake writes them."""

import json

import pytest

from potstill.errors import PotstillError
from potstill.paper.times import Job, by_stage, elapsed, read_jobs


def record(folder, name, log, start, end, *, incomplete=False):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(
        json.dumps(
            {"rule": "train", "log": [log] if log else [], "starttime": start, "endtime": end,
             "incomplete": incomplete}
        )
    )  # fmt: skip


def test_elapsed_is_the_union_of_spans():
    spans = [(0, 10), (5, 12), (6, 7), (20, 21), (21, 23)]
    assert elapsed(Job("train", "log", a, b) for a, b in reversed(spans)) == 15
    assert elapsed([]) == 0


def test_each_job_counts_once_and_the_latest_record_holds(tmp_path):
    record(tmp_path, "a", "results/x/logs/training/m.log", 100.0, 130.0)
    record(tmp_path, "b", "results/x/logs/training/m.log", 100.0, 131.0)
    record(tmp_path, "c", "results/x/logs/training/m.log", 10.0, 90.0)  # of an earlier run
    record(tmp_path / "@deep", "d", "results/x/logs/sampling/s.log", 50.0, 110.0)
    record(tmp_path, "h", "results/x/logs/provenance.log", 200.0, 201.0)
    record(tmp_path, "e", "results/y/logs/sampling/s.log", 0.0, 5.0)
    record(tmp_path, "f", "results/x/logs/paper/f.log", 0.0, None, incomplete=True)
    record(tmp_path, "g", None, 0.0, 5.0)
    logs = "results/x/logs"
    jobs = read_jobs(tmp_path, logs)
    assert [(job.start, job.end) for job in jobs] == [(50, 110), (100, 131), (200, 201)]
    assert elapsed(jobs) == 82
    assert [tuple(stage) for stage in by_stage(jobs, logs)] == [
        ("sampling", 1, 60, 60),
        ("training", 1, 31, 31),
        ("provenance", 1, 1, 1),
    ]


def test_no_record_is_an_error(tmp_path):
    with pytest.raises(PotstillError, match=r"no record of a job with its log in results/x/logs"):
        read_jobs(tmp_path, "results/x/logs")
