"""Each rule gives its function what it takes, as far as names tell without running it."""

import inspect
from pathlib import Path

import pytest
import yaml
from snakemake.api import SnakemakeApi
from snakemake.io import is_flagged
from snakemake.rules import Rule
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings

from potstill.paper.catalogue import figures, tables
from potstill.paper.paper_plan import PaperPlan
from potstill.plan.plan import Plan
from potstill.runtime.call import NOT_GIVEN, find
from potstill.settings import load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def rules(tmp_path_factory) -> list[Rule]:
    """The rules of the default configuration that call a function of the library."""
    with SnakemakeApi(OutputSettings(quiet={"all"})) as snakemake:
        workflow = snakemake.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(),
            snakefile=ROOT / "Snakefile",
            workdir=tmp_path_factory.mktemp("rules"),
        )._workflow
        return [rule for rule in workflow.rules if "call" in dict(rule.params.items())]


def test_what_goes_to_a_cluster(rules):
    """What takes more than seconds. No rule inherits that it is not among it."""
    assert {rule.name for rule in rules if rule.name not in rule.workflow._localrules} == {
        "sample", "read_set", "validate", "coexistence", "train", "train_iteration", "describe",
        "evaluate",
        "score", "select", "reduction", "translate", "translate_whole", "translate_scaled",
        "translate_bain", "relabel_chunk", "dynamics", "explore", "relax",
        "measure_properties", "native", "native_evaluate", "study_score", "study_select",
        "study_evaluate",
    }  # fmt: skip


def test_what_a_report_shows_is_no_download(rules):
    """Snakemake shows images and pages; anything else is a download."""
    shown = [file for rule in rules for file in rule.output if is_flagged(file, "report")]
    assert len(shown) > 6
    assert {Path(file).suffix for file in shown} == {".svg", ".html"}


def check(call: str, given: set[str], wildcards: set[str], *, whole: bool) -> str:
    """Return what is wrong between a function and what it is given; whole: all names are known."""
    known = inspect.signature(find(call)).parameters
    needed = {name for name, p in known.items() if p.default is inspect.Parameter.empty}
    offered = wildcards | {"threads", "configuration"}
    wrong = [f"takes no {name}" for name in sorted(given - known.keys())]
    if whole:
        wrong += [f"is not given {name}" for name in sorted(needed - given - offered)]
    return ", ".join(wrong)


def test_rules_and_functions_agree(rules):
    assert len(rules) > 40
    wrong = {}
    for rule in rules:
        params = dict(rule.params.items())
        if callable(params["call"]):
            continue
        inputs = dict(rule.input.items())
        whole = "arguments" not in params and len(inputs) == len(rule.input)
        given = {*inputs, *(dict(rule.output.items()) or {"output"}), *params.keys() - NOT_GIVEN}
        said = check(params["call"], given, set(rule.wildcard_names), whole=whole)
        if said:
            wrong[rule.name] = said
    assert wrong == {}


def test_figures_and_tables_and_their_functions_agree():
    settings = load_settings(yaml.safe_load((ROOT / "config/config.yaml").read_text()))
    paper = PaperPlan(Plan(settings), settings.paper)
    drawings = figures(paper, lambda element: [])
    for name, make in (drawings | tables(paper)).items():
        made = make()
        files = {"outputs"} if name in drawings else {"title", "csv", "markdown", "tex", "page"}
        assert (
            check(made.call, files | set(made.files) | set(made.arguments), set(), whole=True) == ""
        )
