"""The graph of jobs, without running one: plans, targets by name, lint and bad configurations."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import ase.build
import numpy as np
import pytest
import yaml
from ase.calculators.emt import EMT
from processes import jobs
from snakemake.cli import get_argument_parser

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.settings import Comparison, load_settings

ROOT = Path(__file__).parents[2]
SETTINGS = load_settings(yaml.safe_load((ROOT / "config/config.yaml").read_text()))
PAPER = ROOT / "config/paper/full.yaml"
SNAKEMAKE = (sys.executable, "-m", "snakemake")


@pytest.fixture(scope="module")
def rule_graph(snakemake_in, tmp_path_factory) -> set[tuple[str, str]]:
    """Edges between rules, from input to output."""
    made = snakemake_in(tmp_path_factory.mktemp("graph"), "--rulegraph")
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', made.stdout))
    return {(names[a], names[b]) for a, b in re.findall(r"(\d+) -> (\d+)", made.stdout)}


def test_stages_follow_each_other(rule_graph):
    order = [
        "potential", "sample", "grid", "select", "train", "describe", "evaluate", "score",
        "distilled", "curve", "translate", "relax", "crystals", "table", "figure",
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
        ("relax", "table"),
        ("relax", "crystals"),
    ]:
        assert edge in rule_graph
    # nothing leads back from what is printed, and the targets' own sets train nothing by themselves
    ends = {end for start, end in rule_graph if start in ("figure", "table", "crystals")}
    assert ends == {"default", "provenance", "results_page"}


def test_everything_leads_to_the_default_target(rule_graph):
    reached, frontier = set(), {"default"}
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
    # seven models of `models`, random frames for Figure 2a and one for each grid; nine iterations
    # before the last
    assert planned["train"] == 7 + 1 + 4
    assert planned["train_iteration"] == 9
    assert list(tmp_path.glob("results*")) == []


def test_early_stop_is_planned_through_checkpoints(snakemake_in, tmp_path, default_config):
    config = tmp_path / "stop.yaml"
    config.write_text(yaml.safe_dump({"distillation": {"Ni": {"converged_share": 0.05}}}))
    planned = jobs(snakemake_in(tmp_path, "-n", "--configfile", config).stdout)
    assert planned["select"] == 1  # how many follow is known when this one is done
    assert "score" not in planned


def test_random_frames_are_as_many_as_distilled(snakemake_in, tmp_path):
    """Of the same set, and only once that many are known; the model is trained as any other."""
    plan = snakemake_in(tmp_path, "-n", "results/default/models/Ni-random/ensemble.pt").stdout
    planned = jobs(plan)
    assert planned["as_many"] == planned["distilled"] == planned["train"] == 1
    assert planned["train_iteration"] == SETTINGS.distillation["Ni"].blocks - 1
    assert "as_many: results/default/distillation/Ni/as-many-random.h5" in plan


def test_target_by_file_name(snakemake_in, tmp_path):
    target = "results/paper/tables/table_3.md"
    plan = snakemake_in(tmp_path, "-n", target, "--configfile", PAPER)
    assert plan.returncode == 0, plan.stdout
    planned = jobs(plan.stdout)
    assert planned["table"] == planned["translate"] == 1
    assert not {"figure", "grid", "curve", "evaluate"} & set(planned)


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
    # twelve strategies, three shares, three replicas; one start for those that ask a model
    assert planned["study_select"] == planned["relax"] - 1 == 108
    assert planned["study_start"] == planned["study_score"] == 9
    assert planned["train"] == 108 + 9
    assert planned["study_evaluate"] == 2 * 108
    assert not {"select", "curve", "distilled"} & set(planned)
    assert not any(rule.startswith("study") for rule in jobs(snakemake_in(tmp_path, "-n").stdout))


def test_reproduction_is_asked_for_by_name_alone(snakemake_in, tmp_path):
    planned = jobs(snakemake_in(tmp_path, "-n", "reproduction").stdout)
    loop, paper = SETTINGS.distillation["Ni"], SETTINGS.paper
    assert planned["train"] == len(SETTINGS.models) + 1 + len(paper.grids) + len(paper.few_frames)
    assert planned["train_iteration"] == loop.blocks - 1
    assert planned["reproduction_page"] == planned["sets"] == planned["reduction"] == 1
    assert "reproduction_page" not in jobs(snakemake_in(tmp_path, "-n").stdout)


def test_seeds_are_asked_for_by_name_alone(snakemake_in, tmp_path):
    planned = jobs(snakemake_in(tmp_path, "-n", "seeds").stdout)
    seeds, targets = SETTINGS.paper.seeds, len(SETTINGS.translation)
    # of each element: distilled (or translated) and all frames, beside the loop's iterations
    models = 2 * (1 + targets) * seeds
    assert planned["train"] == models
    assert planned["train_iteration"] == SETTINGS.distillation["Ni"].blocks - 1
    assert planned["relax"] == models + 1 + targets
    assert planned["translate"] == planned["translate_whole"] == targets
    assert "evaluate" not in planned


def test_translation_is_compared_by_name_alone(snakemake_in, tmp_path):
    planned = jobs(snakemake_in(tmp_path, "-n", "translation").stdout)
    compared = [SETTINGS.paper.comparison.get(e, Comparison()) for e in SETTINGS.translation]
    trials = sum(len(c.trials) for c in compared)
    bain = sum(len(c.bain_trials) for c in compared)
    native = sum(2 * len(c.native) for c in compared)
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
    "labels": {
        "Al": {
            "calculator": "ase.calculators.emt.EMT",
            "arguments": {"asap_cutoff": True, "directory": "here"},
            "unrelated": ["directory"],
            "chunks": 3,
        }
    },
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
    assert "models.Al-emt has frames with other labels than those of sampling.Al" in refused.stdout


def test_finished_labels_are_not_made_again(snakemake_in, tmp_path):
    """Through the rules: of other chunks they are read, of unrelated arguments nothing runs."""
    crystal = ase.build.bulk("Al", cubic=True)
    random = np.random.default_rng(3)
    positions = crystal.positions + random.normal(0, 0.1, (6, 4, 3))
    place = tmp_path / "results/default/translation/Ni-Al"
    frames = Frames.uniform(
        "Al",
        positions,
        np.repeat(crystal.cell.array[None], 6, axis=0),
        energy=np.zeros(6),
        atomic_energies=np.zeros(24),
        forces=np.zeros((24, 3)),
        stress=np.zeros((6, 3, 3)),
    )
    write_frames(place / "frames.h5", frames)

    def run(chunks: int, folder: str) -> tuple[dict[str, int], str]:
        labels = {
            "calculator": "ase.calculators.emt.EMT",
            "arguments": {"asap_cutoff": True, "directory": folder},
            "unrelated": ["directory"],
            "chunks": chunks,
        }
        config = tmp_path / "emt.yaml"
        config.write_text(yaml.safe_dump({"labels": {"Al": labels}}))
        target = "results/default/translation/Ni-Al/relabelled.h5"
        run = snakemake_in(tmp_path, "--cores", "2", target, "--configfile", config)
        assert run.returncode == 0, run.stdout
        return jobs(run.stdout), run.stdout

    assert run(1, "here")[0] == {"relabel_chunk": 1, "relabel": 1}
    made = (place / "relabelled.h5").read_bytes()
    planned, said = run(2, "here")
    assert planned == {"relabel_chunk": 2, "relabel": 1}
    assert said.count("3 of 3 frames have their labels already") == 2
    assert (place / "relabelled.h5").read_bytes() == made
    assert run(2, "there")[0] == {}
    found = read_frames(place / "relabelled.h5")
    atoms = ase.Atoms("Al4", positions[5], cell=crystal.cell, pbc=True)
    atoms.calc = EMT(asap_cutoff=True)
    assert found.energy[5] == pytest.approx(atoms.get_potential_energy(), abs=1e-12)


DEFAULT, COPPER = ROOT / "config/config.yaml", ROOT / "config/copper.yaml"
# What a metal alone makes: its set, its distilled frames, a model, and what they come to.
ALONE = {
    "potential": 1, "sample": 1, "select": 10, "distilled": 1, "reduction": 1, "train": 1,
    "describe": 1, "evaluate": 1, "relax": 2, "crystals": 1, "plot_walk": 1, "plot_errors": 1,
    "results_page": 1, "provenance": 1, "default": 1,
}  # fmt: skip
ALUMINIUM = {
    "run": "aluminium",
    "potentials": {"Al": {}},
    "elements": {"Al": {"table": "Al", "structure": "fcc", "lattice_constant_A": 4.04526}},
    "sampling": {
        "Al/32/momt": {
            "method": "momt",
            "melting_temperature_K": 936,
            "timestep_fs": 1.5,
            "learning_steps": 2_000_000,
            "production_steps": 1_000_000,
            "frames": 1000,
        }
    },
    "distillation": {"Al": {"source": "Al/32/momt"}},
    "models": {"Al-distilled": {"frames": "distillation/Al/distilled"}},
}


def test_a_metal_that_stands_alone(tmp_path):
    """From a folder with one file and no other, and without a word of nickel."""
    (tmp_path / "potentials").mkdir()
    (tmp_path / "potentials/Cu_mishin1.eam.alloy").touch()
    (tmp_path / "copper.yaml").write_text(COPPER.read_text())
    (tmp_path / "aluminium.yaml").write_text(yaml.safe_dump(ALUMINIUM))
    for metal in ("copper", "aluminium"):
        plan = subprocess.run(
            [*SNAKEMAKE, "-n", "-s", ROOT / "Snakefile", "--configfile", f"{metal}.yaml"],
            cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ).stdout  # fmt: skip
        assert jobs(plan) == ALONE, plan
        # no strategy that asks a model: the loop trains none
        assert not re.search(r"\bNi\b|left out", plan.partition("Building DAG")[2])


def settings_of(page: str, heading: str, folder: Path) -> Path:
    """Write the YAML settings that follow a heading of a page of docs into `my.yaml`.

    Copper's table, which a plan asks for, is there as well.
    """
    table = folder / "potentials/Cu_mishin1.eam.alloy"
    table.parent.mkdir()
    table.touch()
    text = (ROOT / "docs" / page).read_text().partition(f"## {heading}")[2]
    (folder / "my.yaml").write_text(text.partition("```yaml\n")[2].partition("```")[0])
    return folder / "my.yaml"


def test_a_larger_set_of_an_own_metal(snakemake_in, tmp_path):
    mine = settings_of("another-metal.md", "A model of the metal's own frames", tmp_path)
    plan = snakemake_in(tmp_path, "-n", "--configfile", COPPER, mine).stdout
    more = {"sample": 2, "describe": 2, "evaluate": 2, "plot_walk": 2, "plot_errors": 2}
    assert jobs(plan) == ALONE | more


def test_nickel_that_is_distilled_is_not_sampled_again_for_another_metal(snakemake_in, tmp_path):
    mine = settings_of("another-metal.md", "Nickel's frames carried over to it", tmp_path)
    distilled = tmp_path / "results/default/distillation/Ni/distilled.h5"
    distilled.parent.mkdir(parents=True)
    distilled.touch()
    target = "results/default/models/Cu-translated/evaluation/Cu/32/momt.json"
    both = ("--configfile", DEFAULT, COPPER, mine)
    plan = snakemake_in(tmp_path, "-n", target, *both, "--config", "run=default").stdout
    assert jobs(plan) == {
        "potential": 1, "sample": 1, "translate": 1, "describe": 1, "train": 1, "evaluate": 1
    }  # fmt: skip
    again = jobs(snakemake_in(tmp_path, "-n", target.replace("default", "copper"), *both).stdout)
    assert again["sample"] == 2


def test_a_home_that_cannot_be_written(tmp_path):
    """Make finds another place for caches; for plain Snakemake a variable names one."""
    home = os.environ | {"HOME": "/proc/nonexistent"}
    home.pop("XDG_CACHE_HOME", None)
    told = subprocess.run(
        ["make", "-pn", "run"], cwd=ROOT, env=home, capture_output=True, text=True
    ).stdout
    assert f"XDG_CACHE_HOME := {ROOT}/.snakemake/cache" in told
    command = [*SNAKEMAKE, "-n", "--directory", tmp_path, "results/default/tables/table_2.md"]
    there = home | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert subprocess.run(command, cwd=ROOT, env=there, capture_output=True).returncode == 0


def documented_commands() -> list[str]:
    """Return all snakemake commands of the pages, the configurations and the Makefile."""
    pages = [
        *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("config/**/*.*"),
        *ROOT.glob("workflow/**/profile.yaml"), ROOT / "Makefile",
    ]  # fmt: skip
    found = []
    for page in pages:
        text = page.read_text().replace("\\\n", " ")
        blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
        rest = re.sub(r"```\w*\n.*?```", "", text, flags=re.DOTALL)
        spans = [s.replace("\n", " ") for s in re.findall(r"`([^`]+)`", rest)]
        bare = re.sub(r"`[^`]+`", "", rest).splitlines()
        lines = [*(line for block in blocks for line in block.splitlines()), *spans, *bare]
        for line in lines:
            match = re.match(
                r"(?:[\s#]|[\w=$]+ |.*cluster: )*(snakemake -.*|snakemake \w+)$", line.rstrip()
            )
            if match:
                found.append(match[1])
    return found


def test_documented_commands_give_snakemake_their_targets():
    """`--configfile` takes all that follows it for files, up to the next option."""
    commands = documented_commands()
    assert len(commands) > 40
    for command in commands:
        given = get_argument_parser().parse_args(shlex.split(command, comments=True)[1:])
        files = [str(file) for file in given.configfile or ()]
        assert all(file.endswith(".yaml") for file in files), command
        assert all("=" in setting for setting in given.config or ()), command
        assert not any(target.endswith(".yaml") for target in given.targets or ()), command


@pytest.mark.parametrize("target", ["models/Al-emt/ensemble.pt", "tables/properties_Al.md"])
def test_commands_of_labels(target, snakemake_in, tmp_path):
    mine = tmp_path / "my.yaml"
    page = (ROOT / "docs/labels.md").read_text()
    mine.write_text(page.partition("```yaml\n")[2].partition("```")[0])
    command = f"snakemake --cores 2 results/default/{target} --configfile my.yaml"
    assert command in page
    arguments = shlex.split(command)[3:-1]
    plan = snakemake_in(tmp_path, "-n", *arguments, mine)
    assert plan.returncode == 0, plan.stdout
    assert jobs(plan.stdout)["relabel"] == 1


@pytest.mark.parametrize(
    "gone, lost",
    [
        ("translation.Nb", ["figure_n6", "table_nb"]),
        ("models.Ni-full", ["figure_2a", "table_2"]),
        ("sampling.Ni/108/fcc", ["figure_s1", "figure_s2", "table_1"]),
    ],
)
def test_what_the_paper_alone_needs(gone, lost, snakemake_in, tmp_path, default_config):
    """Without it the targets that need it are left out, with a line; the rest is planned."""
    section, _, name = gone.partition(".")
    del default_config[section][name]
    models = default_config["models"]
    for model in ("Nb-translated",) * (gone == "translation.Nb") + ("Ni-fcc",) * ("fcc" in gone):
        del models[model]
    default_config["properties"] = {
        element: {**wanted, "models": kept}
        for element, wanted in default_config["properties"].items()
        if (kept := [m for m in wanted["models"] if m in models])
    }
    config = tmp_path / "less.yaml"
    config.write_text(yaml.safe_dump(default_config))
    plan = snakemake_in(tmp_path, "-n", "--configfile", config)
    assert plan.returncode == 0, plan.stdout
    lines = "".join(line for line in plan.stdout.splitlines() if line.startswith("left out: "))
    assert all(target in lines for target in lost)
    assert f"{gone} is asked for and missing" in lines
    planned = jobs(plan.stdout)
    assert planned["results_page"] == planned["distilled"] == 1
    refused = snakemake_in(
        tmp_path, "-n", f"results/default/figures/{lost[0]}.pdf", "--configfile", config
    )
    assert refused.returncode != 0
    assert refused.stdout.splitlines()[-1].startswith(f"configuration: {gone} is asked for and")


@pytest.mark.parametrize("target", ["tables", "figures"])
def test_target_by_rule(snakemake_in, tmp_path, target):
    planned = jobs(snakemake_in(tmp_path, "-n", target).stdout)
    printed = {rule: n for rule, n in planned.items() if rule in ("figure", "table")}
    assert printed == {target.removesuffix("s"): {"tables": 5, "figures": 11}[target]}


def test_profiles_plan(tmp_path):
    """`--profile slurm` is found from the root of a clone, through the link there."""
    for profile in ("slurm", "workflow/profiles/local"):
        plan = subprocess.run(
            [*SNAKEMAKE, "-n", "--profile", profile, "--directory", tmp_path],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        assert plan.returncode == 0, plan.stderr
        # every model of the configuration, of random frames and of the grids, and of the loop but
        # its last iteration
        loop, planned = SETTINGS.distillation["Ni"], jobs(plan.stdout + plan.stderr)
        assert planned["train"] == len(SETTINGS.models) + 1 + len(SETTINGS.paper.grids)
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
        ("sampling/Ni/33/momt.json", "sampling.Ni/33/momt is asked for and missing; add it"),
        ("sampling/Cu/melting.json", "elements.Cu is asked for and missing; add it"),
        ("models/Ni-lost/evaluation/Ni/32/momt.h5", "models.Ni-lost is asked for and missing"),
        ("relaxation/lost/Ni.json", "models.lost is asked for and missing; add it"),
        ("distillation/Al/distilled.h5", "distillation.Al is asked for and missing; add it"),
        ("translation/Ni-Cu/frames.h5", "translation.Cu is asked for and missing; add it"),
        ("study/Al/random/5/0/selection.h5", "paper.study.Al is asked for and missing; add it"),
        ("study/Ni/d_optimla/5/0/selection.h5", "'d_optimla' is no strategy; use one of"),
    ],
)
def test_unknown_target_is_named_in_one_line(snakemake_in, tmp_path, target, message):
    plan = snakemake_in(tmp_path, "-n", f"results/default/{target}")
    assert plan.returncode != 0
    (line,) = [line for line in plan.stdout.splitlines() if "unrestricted shared" not in line]
    assert message in line
    assert "did you mean" in line or not any(slip in target for slip in ("d_optimla", "/33/"))


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
