"""The tiny run through a real Slurm: what its jobs asked for, and the same bytes as without it."""

import hashlib
import os
import re
from collections import defaultdict
from pathlib import Path

import pytest


def digests(folder: Path) -> dict[str, str]:
    """Return SHA-256 by name of every result, without rates of sampling and when provenance was."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] != "logs":
            content = path.read_bytes()
            if name.parts[0] == "sampling" and name.suffix == ".json":
                content = re.sub(rb'"steps_per_second": [\d.]+', b"", content)
            if path.name == "provenance.json":
                content = re.sub(rb'"made": "[^"]+"', b"", content)
            found[str(name)] = hashlib.sha256(content).hexdigest()
    return found


@pytest.fixture(scope="module")
def by_kind(slurm_run) -> dict[str, list[dict[str, str]]]:
    """The jobs by what Snakemake calls them: rule_<rule>_wildcards_<...>, rule_<group>_<rules>."""
    found = defaultdict(list)
    for job in slurm_run.jobs:
        found[job["Comment"].partition("_wildcards")[0].split("_")[1]].append(job)
    return found


def asked(job: dict[str, str]) -> dict[str, str]:
    """Return the resources that a job was given, by name."""
    return dict(part.split("=") for part in job["TRES"].split(","))


def test_same_bytes_as_a_local_run(slurm_run, tiny_run):
    local, slurm = digests(tiny_run / "results/tiny"), digests(slurm_run.folder / "results/tiny")
    whole = os.environ.get("POTSTILL_WHOLE_SLURM_RUN")
    expected = {
        "potentials", "sampling", "models", "distillation", "translation", "relaxation",
        "features", "figures", "plots", "tables",
    }  # fmt: skip
    expected |= {"provenance.json", "results.html"} if whole else set()
    assert {path.partition("/")[0] for path in slurm} == expected
    assert slurm == {name: local.get(name) for name in slurm}
    if whole:
        assert slurm.keys() == local.keys()


def test_every_job_completed(slurm_run):
    assert {job["JobState"] for job in slurm_run.jobs} == {"COMPLETED"}


def test_networks_run_on_a_gpu_and_nothing_else_does(by_kind):
    for kind, jobs in by_kind.items():
        gpus = {job.get("TresPerJob") for job in jobs}
        assert gpus == ({"gres:gpu:1"} if kind in ("model", "evaluate") else {None})


def test_jobs_ask_for_what_their_rules_say(by_kind):
    for job in by_kind["sample"]:
        assert asked(job)["cpu"] == "2"
        assert asked(job)["mem"] == "2000M"
        assert job["TimeLimit"] == "02:00:00"
    for job in by_kind["model"]:  # by the size of the frame file, which is small here
        assert 1500 < int(asked(job)["mem"].removesuffix("M")) < 4001


def test_the_loop_goes_through_its_checkpoints(by_kind, slurm_run):
    """Each block is scored in the allocation of the model that scores it."""
    loop = slurm_run.folder / "results/tiny/distillation/Ni"
    assert len(by_kind["select"]) == len(list(loop.glob("*/summary.json"))) >= 2
    scored = [job for job in by_kind["model"] if "score" in job["Comment"]]
    assert len(scored) == len(by_kind["select"]) - 1
    assert "score" not in by_kind
