"""What a run says: a toy workflow of sleeping jobs through Snakemake itself, and this one."""

import re
import subprocess
import sys

import pytest

SNAKEMAKE = (sys.executable, "-m", "snakemake")
TOY = """
from snakemake.logging import logger
from potstill.runtime.console import Console

print("read", flush=True)
if workflow.is_main_process:
    console = Console(workflow, lambda job: {"nap": 60.0, "more": 60.0}.get(job.rule.name, 1.0))
    console.attach(logger)

onsuccess:
    logger.info("summary: all is well")

onerror:
    for line in console.failures():
        logger.error(line)

def after(wildcards):
    checkpoints.fork.get()
    return [f"more/{n}.txt" for n in range(2)]

rule all:
    input: [f"nap/{n}.txt" for n in range(9)], "all_more.txt"

rule nap:
    output: "nap/{n}.txt"
    log: "logs/{n}.log"
    shell:
        "sleep 0.5; echo working > {log}; echo 'the bed is gone' >> {log}; "
        "[ {wildcards.n} != {config[fails]} ] && touch {output}"

checkpoint fork:
    output: "fork.txt"
    run: # in a process of its own
        Path(output[0]).touch()

rule more:
    input: "fork.txt"
    output: "more/{n}.txt"
    shell: "sleep 0.5; touch {output}"

rule all_more:
    input: after
    output: "all_more.txt"
    shell: "touch {output}"
"""


@pytest.fixture
def toy(tmp_path):
    (tmp_path / "Snakefile").write_text("from pathlib import Path\n" + TOY)

    def run(*arguments, fails=-1):
        return subprocess.run(
            [*SNAKEMAKE, "--cores", "2", "--config", f"fails={fails}", *arguments],
            cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    return run


def test_progress_tells_what_is_left_of_the_run(toy, tmp_path):
    run = toy()
    assert run.returncode == 0, run.stdout
    steps = re.findall(
        r"^(\d+) of (\d+) steps \(\d+%\) done(?:, about (.*) left)?$", run.stdout, re.M
    )
    assert [int(done) for done, _, _ in steps] == list(range(1, 15))
    assert steps[-1] == ("14", "14", "")
    # guesses were far too long; the run finds its pace, and nothing is left at the end
    left = [float(words.removesuffix(" s") or 0) for _, _, words in steps]
    assert left == sorted(left, reverse=True)
    assert left[0] >= 30 and left[4] <= 20 and left[-1] == 0
    # what Snakemake and this file log is one and the same
    assert "about 10 s left" in next((tmp_path / ".snakemake/log").iterdir()).read_text()


def test_it_ends_with_the_summary_and_jobs_do_not_say_it(toy):
    run = toy()
    assert run.stdout.count("read\n") > 1, "jobs read the Snakefile in processes of their own"
    assert run.stdout.count("summary: all is well") == 1
    lines = run.stdout.strip().splitlines()
    assert [line.split(":")[0] for line in lines[-3:]] == [
        "summary", "Complete log(s)", "Elapsed time",
    ]  # fmt: skip
    again = toy()
    assert "Nothing to be done" in again.stdout and "all is well" not in again.stdout


def test_dry_runs_and_quiet_ones(toy):
    plan = toy("-n")
    assert "all is well" not in plan.stdout and "left" not in plan.stdout
    assert "input: nap/0.txt, nap/1.txt, nap/2.txt, and 7 more" in plan.stdout
    quiet = toy("--quiet", "all")
    assert quiet.returncode == 0
    assert "left" not in quiet.stdout and "all is well" not in quiet.stdout


def test_failures_are_named_at_the_end(toy):
    run = toy("--keep-going", fails=4)
    assert run.returncode == 1
    end = run.stdout.partition("Exiting because a job execution failed")[2]
    assert "failed: nap, logs/4.log: the bed is gone\n" in end
    assert end.count("failed: ") == 1 and "all is well" not in run.stdout


def test_this_workflow_says_what_it_made(snakemake_in, tmp_path, tiny_config):
    target = "results/tiny/potentials/Al.eam.fs"
    run = snakemake_in(tmp_path, "--cores", "1", target, "--configfile", tiny_config)
    assert run.returncode == 0, run.stdout
    end = run.stdout.partition("1 of 1 steps (100%) done\n")[2].splitlines()
    assert end[0] == f"made: {target}"
    assert re.fullmatch(r"time: \d+ (s|min)", end[1])
    assert [line.partition(": ")[0] for line in end[2:]] == ["Complete log(s)", "Elapsed time"]
