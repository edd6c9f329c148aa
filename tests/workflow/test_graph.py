"""The graph of jobs, without running one: plans, targets by name, lint and bad configurations."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from potstill.settings import load_settings

ROOT = Path(__file__).parents[2]
SETTINGS = load_settings(yaml.safe_load((ROOT / "config/config.yaml").read_text()))
PAPER = ROOT / "config/paper.yaml"
SNAKEMAKE = (sys.executable, "-m", "snakemake")


def jobs(plan: str) -> dict[str, int]:
    """Return the numbers of jobs by rule from a dry run's table."""
    table = plan.partition("Job stats:")[2].partition("\ntotal")[0]
    return {name: int(n) for name, n in re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)}


@pytest.fixture(scope="module")
def rule_graph(snakemake_in, tmp_path_factory) -> set[tuple[str, str]]:
    """Edges between rules, from input to output."""
    made = snakemake_in(tmp_path_factory.mktemp("graph"), "--rulegraph")
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', made.stdout))
    return {(names[a], names[b]) for a, b in re.findall(r"(\d+) -> (\d+)", made.stdout)}


def test_stages_follow_each_other(rule_graph):
    order = [
        "potential", "sample", "grid", "select", "train", "describe", "evaluate", "score",
        "distilled", "curve", "translate", "relax",
    ]  # fmt: skip
    rules = {rule for edge in rule_graph for rule in edge}
    assert set(order) < rules
    for edge in [
        ("potential", "sample"),
        ("sample", "select"),
        ("select", "train_iteration"),
        ("train_iteration", "score"),
        ("score", "select"),
        ("select", "distilled"),
        ("sample", "describe"),
        ("describe", "evaluate"),
        ("evaluate", "curve"),
        ("distilled", "translate"),
        ("translate", "train"),
        ("train", "relax"),
        ("relax", "table_1"),
    ]:
        assert edge in rule_graph
    # nothing leads back from what is printed, and the targets' own sets train nothing by themselves
    printed = {rule for rule in rules if rule.startswith(("figure_", "table_"))}
    assert all(end in {"all", "provenance"} for start, end in rule_graph if start in printed)


def test_everything_leads_to_all(rule_graph):
    reached, frontier = set(), {"all"}
    while frontier:
        reached |= frontier
        frontier = {a for a, b in rule_graph if b in frontier} - reached
    assert reached == {rule for edge in rule_graph for rule in edge}


def test_paper_plan(snakemake_in, tmp_path):
    plan = snakemake_in(tmp_path, "-n", "--configfile", PAPER)
    assert plan.returncode == 0, plan.stdout
    assert not re.search(r"\w(Error|Exception)\b|Traceback|[Ww]arning", plan.stdout)
    planned = jobs(plan.stdout)
    assert planned["sample"] == 7
    assert planned["select"] == 10
    assert planned["score"] == 9
    # seven models of `models` and one for each grid; nine iterations before the last
    assert planned["train"] == 7 + 4
    assert planned["train_iteration"] == 9
    assert list(tmp_path.glob("results*")) == []


def test_early_stop_is_planned_through_checkpoints(snakemake_in, tmp_path, default_config):
    config = tmp_path / "stop.yaml"
    config.write_text(yaml.safe_dump({"distillation": {"Ni": {"converged_share": 0.05}}}))
    planned = jobs(snakemake_in(tmp_path, "-n", "--configfile", config).stdout)
    assert planned["select"] == 1  # how many follow is known when this one is done
    assert "score" not in planned


def test_target_by_file_name(snakemake_in, tmp_path):
    target = "results/paper/tables/table_3.md"
    plan = snakemake_in(tmp_path, "-n", target, "--configfile", PAPER)
    assert plan.returncode == 0, plan.stdout
    planned = jobs(plan.stdout)
    assert planned["table_3"] == planned["translate"] == 1
    assert not {"table_1", "figure_1", "grid", "curve", "evaluate"} & set(planned)


def test_validation_is_asked_for_by_name_alone(snakemake_in, tmp_path):
    target = "results/default/sampling/Nb/54/momt_validation.csv"
    planned = jobs(snakemake_in(tmp_path, "-n", target).stdout)
    assert planned == {"potential": 1, "sample": 1, "validate": 1}
    assert "validate" not in jobs(snakemake_in(tmp_path, "-n").stdout)


def test_melting_temperatures_are_asked_for_by_name_alone(snakemake_in, tmp_path):
    planned = jobs(snakemake_in(tmp_path, "-n", "results/default/sampling/Ni/melting.json").stdout)
    assert planned == {"potential": 1, "sample": 2, "coexistence": 1, "melting": 1}


def test_all_sets_without_anything_else(snakemake_in, tmp_path):
    plan = snakemake_in(tmp_path, "-n", "sets", "--configfile", PAPER)
    assert jobs(plan.stdout) == {"potential": 2, "sample": 7, "sets": 1}


def test_study_is_asked_for_by_name_alone(snakemake_in, tmp_path):
    planned = jobs(snakemake_in(tmp_path, "-n", "study").stdout)
    # eleven strategies, three shares, three replicas; one start for those that ask a model
    assert planned["study_select"] == planned["relax"] - 1 == 99
    assert planned["study_start"] == planned["study_score"] == 9
    assert planned["train"] == 99 + 9
    assert planned["study_evaluate"] == 2 * 99
    assert not {"select", "curve", "distilled"} & set(planned)
    assert not any(rule.startswith("study") for rule in jobs(snakemake_in(tmp_path, "-n").stdout))


def test_reproduction_is_asked_for_by_name_alone(snakemake_in, tmp_path):
    planned = jobs(snakemake_in(tmp_path, "-n", "reproduction").stdout)
    loop, few = SETTINGS.distillation["Ni"], SETTINGS.reproduction.few_frames
    assert planned["train"] == len(SETTINGS.models) + len(loop.grids) + len(few)
    assert planned["train_iteration"] == loop.blocks - 1
    assert planned["reproduction_page"] == planned["sets"] == planned["reduction"] == 1
    assert "reproduction_page" not in jobs(snakemake_in(tmp_path, "-n").stdout)


def test_seeds_are_asked_for_by_name_alone(snakemake_in, tmp_path):
    planned = jobs(snakemake_in(tmp_path, "-n", "seeds").stdout)
    seeds, targets = SETTINGS.reproduction.seeds, len(SETTINGS.translation)
    # of each element: distilled (or translated) and all frames, beside the loop's iterations
    models = 2 * (1 + targets) * seeds
    assert planned["train"] == models
    assert planned["train_iteration"] == SETTINGS.distillation["Ni"].blocks - 1
    assert planned["relax"] == models + 1 + targets
    assert planned["translate"] == planned["translate_whole"] == targets
    assert "evaluate" not in planned


def test_translation_is_compared_by_name_alone(snakemake_in, tmp_path):
    planned = jobs(snakemake_in(tmp_path, "-n", "translation").stdout)
    trials = sum(len(t.trials) for t in SETTINGS.translation.values())
    bain = sum(len(t.bain_trials) for t in SETTINGS.translation.values())
    native = sum(2 * len(t.native) for t in SETTINGS.translation.values())
    assert planned["translate_scaled"] == trials
    assert planned["translate_bain"] == bain > 0
    assert planned["native"] == native
    assert planned["native_evaluate"] == trials + bain + native + len(SETTINGS.translation)
    assert planned["comparison"] == planned["native_pool"] == planned["native_test"] == 2
    ordinary = jobs(snakemake_in(tmp_path, "-n").stdout)
    assert not {"native", "comparison", "translate_scaled", "translate_bain", "seeds_table"} & set(
        ordinary
    )


def test_properties_are_asked_for_by_name_alone(snakemake_in, tmp_path):
    planned = jobs(snakemake_in(tmp_path, "-n", "properties").stdout)
    # the reference of three metals, and four models
    assert planned["measure_properties"] == 3 + 4
    assert planned["properties_table"] == 3
    everything = jobs(snakemake_in(tmp_path, "-n").stdout)
    assert not {"measure_properties", "properties_table"} & set(everything)


RELABELLED = {
    "labels": {"Al": {"calculator": "ase.calculators.emt.EMT", "chunks": 3}},
    "models": {"Al-emt": {"frames": "translation/Ni-Al/relabelled"}},
    "properties": {"Al": {"models": ["Al-emt"]}},
}


def test_relabelled_models_are_compared_with_their_calculator(snakemake_in, tmp_path):
    config = tmp_path / "emt.yaml"
    config.write_text(yaml.safe_dump(RELABELLED))
    target = "results/default/tables/properties_Al.md"
    plan = snakemake_in(tmp_path, "-n", target, "--configfile", config).stdout
    planned = jobs(plan)
    assert (planned["relabel_chunk"], planned["relabel"]) == (3, 1)
    assert planned["measure_properties"] == 2
    assert "properties/EMT/Al.json" in plan and "properties/EAM/Al.json" not in plan
    refused = snakemake_in(
        tmp_path,
        "-n",
        "results/default/models/Al-emt/evaluation/Al/108/momt.json",
        "--configfile",
        config,
    )
    assert refused.returncode != 0
    assert "models.Al-emt has frames with other labels than the EAM's" in refused.stdout


@pytest.mark.parametrize("target", ["tables", "figures"])
def test_target_by_rule(snakemake_in, tmp_path, target):
    planned = jobs(snakemake_in(tmp_path, "-n", target).stdout)
    printed = {rule for rule in planned if rule.startswith(("figure_", "table_"))}
    assert {rule.split("_")[0] for rule in printed} == {target.removesuffix("s")}
    assert len(printed) == {"tables": 5, "figures": 10}[target]


def test_profiles_plan(tmp_path):
    """`--profile slurm` is found from the root of a clone, through the link there."""
    for profile in ("slurm", "workflow/profiles/local"):
        plan = subprocess.run(
            [*SNAKEMAKE, "-n", "--profile", profile, "--directory", tmp_path],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        assert plan.returncode == 0, plan.stderr
        # every model of the configuration and of the grids, and of the loop but its last iteration
        loop, planned = SETTINGS.distillation["Ni"], jobs(plan.stdout + plan.stderr)
        assert planned["train"] == len(SETTINGS.models) + len(loop.grids)
        assert planned["train_iteration"] == loop.blocks - 1


def test_lint_is_clean(snakemake_in, tmp_path):
    lint = snakemake_in(tmp_path, "--lint")
    assert lint.returncode == 0, lint.stdout
    assert "good condition" in lint.stdout


@pytest.mark.parametrize(
    "target, message",
    [
        ("models/Ni-lost/ensemble.pt", "models.Ni-lost is asked for and missing; add it"),
        ("sampling/Ni/32/nvt.h5", "sampling.Ni/32/nvt is asked for and missing; add it"),
        ("sampling/Cu/32/momt.h5", "elements.Cu is asked for and missing; add it"),
        ("distillation/Al/distilled.h5", "distillation.Al is asked for and missing; add it"),
    ],
)
def test_unknown_target_names_the_setting(snakemake_in, tmp_path, target, message):
    plan = snakemake_in(tmp_path, "-n", f"results/default/{target}")
    assert plan.returncode != 0
    assert f"configuration: {message}" in plan.stdout


@pytest.mark.parametrize(
    "change, message",
    [
        ({"seed": -1}, "seed: Input should be greater than or equal to 0 (given: -1)"),
        (
            {"sampling": {"Ni/32/momt": {"frames": 502}}},
            "sampling.Ni/32/momt: frames must be a multiple of walkers (4)",
        ),
        (
            {"distillation": {"Ni": {"blocks": 10_000}}},
            "distillation.Ni.blocks: 10000 blocks need at least 100000 frames in "
            "sampling.Ni/32/momt.frames",
        ),
    ],
)
def test_bad_configuration_ends_in_one_line(snakemake_in, tmp_path, change, message):
    config = tmp_path / "bad.yaml"
    config.write_text(yaml.safe_dump(change))
    plan = snakemake_in(tmp_path, "-n", "--configfile", config)
    assert plan.returncode != 0
    assert "Traceback" not in plan.stdout
    lines = [line for line in plan.stdout.splitlines() if line.startswith("configuration: ")]
    assert lines == [f"configuration: {message}"]


def test_a_missing_table_is_told_at_planning(snakemake_in, tmp_path):
    """Where it is needed, and only there."""
    config = tmp_path / "config.yaml"
    config.write_text("run: own\npotentials:\n  Al: {file: nowhere.eam.fs}\n")
    plan = ("--dry-run", "--configfile", config)
    refused = snakemake_in(tmp_path, "results/own/sampling/Al/108/momt.h5", *plan)
    assert refused.returncode != 0
    assert "potentials.Al.file: there is no file nowhere.eam.fs; correct the name" in refused.stdout
    other = snakemake_in(tmp_path, "results/own/potentials/Ni-Nb.eam.fs", *plan)
    assert other.returncode == 0, other.stdout
    (tmp_path / "nowhere.eam.fs").write_text("")
    found = snakemake_in(tmp_path, "results/own/sampling/Al/108/momt.h5", *plan)
    assert found.returncode == 0, found.stdout
