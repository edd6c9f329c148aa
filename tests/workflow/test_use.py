"""Standardised use: as a module of another workflow, with conda, and from any folder."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from processes import jobs

ROOT = Path(__file__).parents[2]
MODULE = f"""
module potstill:
    snakefile: "{ROOT}/workflow/Snakefile"
"""
THREE_LINES = MODULE + "use rule * from potstill\n"
# Another workflow, with its own target, names, constraint, report and last words.
OTHER = f"""
report: "mine.rst"

wildcard_constraints:
    element="[a-z]+",

rule mine:
    output: "mine.txt"
    shell: "echo {{config[mine]}} > {{output}}"
{MODULE}
    config: config["potstill"]
use rule * from potstill as potstill_*

rule element:
    output: "of/{{element}}.txt"
    shell: "echo {{wildcards.element}} > {{output}}"

rule uses:
    input: rules.potstill_sample.output.summary
    output: "uses-{{element}}-{{atoms}}-{{ensemble}}.txt"
    wildcard_constraints: element="Al"
    shell: "cp {{input}} {{output}}"

onsuccess:
    print("the other is done")
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def other(tmp_path: Path) -> Run:
    """Return a function that runs Snakemake on a Snakefile of this text, in its folder."""

    def run(text: str, *arguments: str | Path, **environment: str):
        (tmp_path / "Snakefile").write_text(text)
        return subprocess.run(
            [sys.executable, "-m", "snakemake", *map(str, arguments)],
            cwd=tmp_path, env=os.environ | environment,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    return run


@pytest.fixture
def copper(tmp_path: Path) -> Path:
    """Copper's configuration under a key of another workflow's, and its table's place."""
    (tmp_path / "potentials").mkdir()
    (tmp_path / "potentials/Cu_mishin1.eam.alloy").touch()
    settings = yaml.safe_load((ROOT / "config/copper.yaml").read_text())
    file = tmp_path / "other.yaml"
    file.write_text(yaml.safe_dump({"mine": "its own", "potstill": settings}))
    return file


@pytest.fixture(scope="module")
def default_plan(snakemake_in, tmp_path_factory) -> dict[str, int]:
    """The jobs of the default run by rule, the target named as in workflow/Snakefile."""
    return named_all(jobs(snakemake_in(tmp_path_factory.mktemp("plan"), "-n").stdout))


def named_all(planned: dict[str, int]) -> dict[str, int]:
    return {"all" if name == "default" else name: count for name, count in planned.items()}


def prefixed(planned: dict[str, int]) -> dict[str, int]:
    return {f"potstill_{name}": count for name, count in planned.items()}


def test_three_lines_plan_the_default_run(other, default_plan):
    """What the command line tells the other workflow is none of the module's."""
    for configuration in ([], ["--config", "mine=1", "run=mine"]):
        plan = other(THREE_LINES, "-n", *configuration)
        assert plan.returncode == 0, plan.stdout
        assert jobs(plan.stdout) == default_plan
        assert "results/default/results.html" in plan.stdout


def test_a_change_of_the_default_run_as_a_module(other, default_plan):
    """It goes on top, as a file without elements does; the loop's checkpoint, renamed, waits."""
    text = MODULE + '    config: config["potstill"]\nuse rule * from potstill as potstill_*\n'
    change = {"run": "mine", "distillation": {"Ni": {"blocks": 5}}}
    plan = other(text, "-n", "--config", f"potstill={json.dumps(change)}")
    assert plan.returncode == 0, plan.stdout
    fewer = {"select": 5, "score": 4, "train_iteration": 4}
    planned = jobs(plan.stdout)
    assert planned.keys() == prefixed(default_plan).keys()
    assert planned.items() >= prefixed(fewer).items()
    assert "results/mine/results.html" in plan.stdout and "results/default/" not in plan.stdout
    change["distillation"]["Ni"]["converged_share"] = 0.05
    planned = jobs(other(text, "-n", "--config", f"potstill={json.dumps(change)}").stdout)
    assert planned["potstill_select"] == 1 and "potstill_score" not in planned


def test_another_workflow_keeps_what_is_its_own(other, copper, tmp_path, snakemake_in):
    configuration = ("--configfile", copper)
    run = other(OTHER, "--cores", "1", *configuration)
    assert run.returncode == 0, run.stdout
    assert (tmp_path / "mine.txt").read_text() == "its own\n"
    assert "the other is done" in run.stdout
    assert not re.search("^(made|time): ", run.stdout, re.MULTILINE)

    plan = other(OTHER, "-n", "potstill_all", "of/abc.txt", *configuration)
    assert plan.returncode == 0, plan.stdout
    alone = ("-n", "--configfile", ROOT / "config/copper.yaml")
    planned = named_all(jobs(snakemake_in(tmp_path, *alone).stdout))
    assert planned["select"] == 10 and "figure" not in planned
    assert jobs(plan.stdout) == prefixed(planned) | {"element": 1}


def test_a_small_run_as_a_module(other, tables, tmp_path, tmp_path_factory, snakemake_in):
    """The same bytes as alone; what it made is known, and the report is the other workflow's."""
    settings = {
        "run": "small",
        "potentials": {"Al": {"file": str(tables["Al"])}},
        "elements": {"Al": {"table": "Al", "structure": "fcc", "lattice_constant_A": 4.04526}},
        "sampling": {
            "Al/32/fcc": {
                "method": "npt",
                "start": "crystal",
                "temperature_K": 600,
                "equilibration_steps": 400,
                "production_steps": 800,
                "frames": 8,
            }
        },
    }
    (tmp_path / "other.yaml").write_text(yaml.safe_dump({"mine": 1, "potstill": settings}))
    (tmp_path / "mine.rst").write_text("What another workflow tells of itself.")
    asked = ("--configfile", tmp_path / "other.yaml")
    targets = ("uses-Al-32-fcc.txt", "results/small/provenance.json")
    run = other(OTHER, "--cores", "2", *asked, "--", *targets)
    assert run.returncode == 0, run.stdout[-5000:]
    assert "of the potstill_sample" not in run.stdout and "the other is done" in run.stdout
    made = json.loads((tmp_path / "results/small/provenance.json").read_text())
    assert made["settings"]["sampling"].keys() == {"Al/32/fcc"}

    alone = tmp_path_factory.mktemp("alone")
    (alone / "small.yaml").write_text(yaml.safe_dump(settings))
    frames = "results/small/sampling/Al/32/fcc.h5"
    same = snakemake_in(alone, "--cores", "2", frames, "--configfile", alone / "small.yaml")
    assert same.returncode == 0, same.stdout[-5000:]
    assert (alone / frames).read_bytes() == (tmp_path / frames).read_bytes()

    page = other(OTHER, *asked, "--report", "page.html", "--", *targets)
    assert page.returncode == 0, page.stdout[-5000:]
    assert "What another workflow tells of itself." in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    "flags", [["--profile", "slurm"], ["--profile", "workflow/profiles/local"]]
)
def test_profiles_plan_the_same_jobs(snakemake_in, tmp_path, default_plan, flags):
    plan = snakemake_in(tmp_path, "-n", *flags)
    assert plan.returncode == 0, plan.stdout
    assert named_all(jobs(plan.stdout)) == default_plan


def test_the_snakefile_of_the_catalogue_plans_the_same_jobs(snakemake_in, tmp_path, default_plan):
    plan = snakemake_in(tmp_path, "-n", "--snakefile", ROOT / "workflow/Snakefile")
    assert jobs(plan.stdout) == default_plan


def test_the_catalogue_finds_what_it_looks_for():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage.keys() == {"mandatory-flags", "software-stack-deployment", "report"}
    assert usage["mandatory-flags"].keys() == {"desc", "flags"}
    assert usage["software-stack-deployment"]["conda"] is True and usage["report"] is True
    assert (ROOT / "workflow/Snakefile").is_file() and (ROOT / "config/README.md").is_file()
    assert list((ROOT / "workflow/rules").glob("*.smk"))
    readme = (ROOT / "README.md").read_text().lower()
    assert "snakemake" in readme and "workflow" in readme


# Stands for conda where there is none: an environment is a folder whose Python tells where it ran
# and what with.
CONDA = """#!/usr/bin/env bash
root=$(cd "$(dirname "$0")/.." && pwd)
case "$1 $2" in
"info --json") echo '{"conda_prefix": "'"$root"'", "platform": "linux-64"}' ;;
"--version ") echo "conda 25.1.0" ;;
"config --get") echo '{"get": {"channel_priority": "strict"}}' ;;
"clean -y") ;;
"env create")
    mkdir -p "${@: -1}/bin"
    cp "$6" "$root/environment.yaml"
    printf '#!/bin/sh\\necho "$PWD: $*" >> "%s/calls"\\n' "$root" > "${@: -1}/bin/python"
    chmod +x "${@: -1}/bin/python"
    ;;
*) echo "no conda $*" >&2; exit 1 ;;
esac
"""
INSTALLED = f"-m pip install -c {ROOT}/envs/constraints.txt -e {ROOT}[properties]"


@pytest.fixture
def conda(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the stand-in for conda: `bin`, and what its environments were asked."""
    folder = tmp_path_factory.mktemp("conda")
    (folder / "bin").mkdir()
    (folder / "bin/conda").write_text(CONDA)
    (folder / "bin/conda").chmod(0o755)
    (folder / "bin/activate").write_text('export PATH="$1/bin:$PATH"\n')
    return folder


ENVIRONMENTS = """
for rule in workflow.rules:
    if rule.script and rule.output:
        print("environment:", rule.name, rule.expand_conda_env({}).file.get_path_or_uri(True))
"""


@pytest.mark.parametrize("way", ["clone", "module"])
def test_conda_installs_the_clone_from_any_folder(other, conda, tmp_path, way):
    """Every rule has the one environment, into which the clone is installed by Snakemake's copy."""
    flags = ["--sdm", "conda", "--conda-create-envs-only", "--cores", "1"]
    if way == "clone":
        text = f'include: "{ROOT}/Snakefile"\n'
        flags += ["default", "--directory", tmp_path / "elsewhere"]
    else:
        text = MODULE + "use rule * from potstill as potstill_*\n"
    (tmp_path / "elsewhere").mkdir()
    made = other(text + ENVIRONMENTS, *flags, PATH=f"{conda / 'bin'}:{os.environ['PATH']}")
    assert made.returncode == 0, made.stdout
    files = re.findall(r"^environment: (\w+) (.+)$", made.stdout, re.MULTILINE)
    assert len(files) > 40
    assert {Path(file).resolve() for _, file in files} == {ROOT / "envs/potstill.yaml"}
    assert (conda / "environment.yaml").read_text() == (ROOT / "envs/potstill.yaml").read_text()
    where = tmp_path / "elsewhere" if way == "clone" else tmp_path
    assert (conda / "calls").read_text() == f"{where}: {INSTALLED}\n"


def test_the_clone_is_found_from_the_script_in_it(conda, tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "POTSTILL_CLONE"}
    fake = conda / "bin/python"
    fake.write_text('#!/bin/sh\necho "$*"\n')
    fake.chmod(0o755)
    environment["PATH"] = f"{fake.parent}:{environment['PATH']}"
    script = ROOT / "envs/potstill.post-deploy.sh"
    copy = tmp_path / "copy/envs/copy.post-deploy.sh"
    copy.parent.mkdir(parents=True)
    copy.write_text(script.read_text())

    def run(file: Path):
        return subprocess.run(
            ["bash", file], cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    assert run(script).stdout == f"{INSTALLED}\n"
    lost = run(copy)
    assert lost.returncode == 1 and lost.stdout == ""
    assert lost.stderr == (
        f"error: no clone of Potstill in {tmp_path}/copy; set POTSTILL_CLONE to the folder of one\n"
    )
