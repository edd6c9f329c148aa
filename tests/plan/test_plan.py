"""What the rules ask of a configuration, without Snakemake."""

import re
from pathlib import Path

import pytest
import yaml

from potstill.errors import PotstillError
from potstill.paper import catalogue
from potstill.paper.paper_plan import PaperPlan
from potstill.plan.iterations import Loop
from potstill.plan.plan import Plan
from potstill.plan.results import data, result_files, tables_and_plots
from potstill.plan.targets import check_target
from potstill.settings import FileSet, load_settings

ROOT = Path(__file__).parents[2]
DEFAULT = yaml.safe_load((ROOT / "config/config.yaml").read_text())
COPPER = yaml.safe_load((ROOT / "config/copper.yaml").read_text())
EMT = {"labels": {"Al": {"calculator": "ase.calculators.emt.EMT"}}}


@pytest.fixture
def paper() -> PaperPlan:
    settings = load_settings(DEFAULT)
    assert settings.paper
    return PaperPlan(Plan(settings), settings.paper)


@pytest.mark.parametrize(
    "name, frames, count, seed, steps",
    [
        ("Ni-fcc", "sampling/Ni/108/fcc", 150, None, None),
        ("Ni-iteration-3", "distillation/Ni/3/selection", None, None, None),
        ("Ni-grid-16x16", "distillation/Ni/grid-16x16", None, None, None),
        ("Ni-random", "distillation/Ni/as-many-random", None, None, None),
        ("Ni-few-34", "sampling/Ni/32/momt", 34, None, None),
        ("Ni-study-d_optimal-0.5-2", "study/Ni/d_optimal/0.5/2/selection", None, 2, None),
        ("Ni-study-start-5-0", "study/Ni/start/5/0/selection", None, 0, None),
        ("Al-whole", "translation/Ni-Al/whole", None, None, None),
        ("Nb-bain-0.25", "translation/Ni-Nb/bain-0.25", None, None, None),
        ("Al-scaled-0.98_1_1.02", "translation/Ni-Al/scaled-0.98_1_1.02", None, None, None),
        ("Al-native-grid-atoms", "translation/Ni-Al/native-grid-atoms", None, None, None),
        ("Al-translated-seed-4", "translation/Ni-Al/frames", None, 4, None),
        ("Ni-random-seed-1", "distillation/Ni/as-many-random", None, 1, None),
    ],
)
def test_models_that_names_imply(paper, name, frames, count, seed, steps):
    model = paper.plan.model(name)
    assert (model.frames, model.count, model.steps) == (frames, count, steps)
    seeds = None if seed is None else paper.settings.seed + seed
    assert model.seed == seeds
    assert paper.plan.seed(name) == (paper.settings.seed if seed is None else seeds)


def test_models_of_the_paper_need_the_paper(paper):
    plain = Plan(load_settings(DEFAULT))
    assert plain.model("Ni-iteration-3").frames == "distillation/Ni/3/selection"
    with pytest.raises(PotstillError, match=r"models\.Ni-random is asked for and missing"):
        plain.model("Ni-random")


def test_symmetry_functions_of_whatever_is_made_of_a_translation_are_scaled(paper):
    plain = paper.settings.training.descriptor
    scaled = paper.plan.training("Al-translated").descriptor
    assert scaled != plain
    for name in ("Al-whole", "Al-scaled-0.98", "Al-native-random-frames", "Al-translated-seed-1"):
        assert paper.plan.training(name).descriptor == scaled
    assert paper.plan.training("Ni-random").descriptor == plain
    features = paper.plan.features("Al-whole", "sampling/Al/108/momt")
    assert features == "<results>/features/scaled/sampling/Al/108/momt.h5"


def test_a_study_has_its_own_steps():
    full = yaml.safe_load((ROOT / "config/paper/full.yaml").read_text())
    study = DEFAULT["paper"]["study"]["Ni"] | full["paper"]["study"]["Ni"]
    settings = load_settings(DEFAULT | {"paper": {"study": {"Ni": study | {"test_frames": 200}}}})
    plan = PaperPlan(Plan(settings), settings.paper).plan
    assert plan.training("Ni-study-random-5-0").steps == 3000
    assert plan.training("Ni-distilled").steps == settings.training.steps


def test_a_metal_alone():
    plan = Plan(load_settings(COPPER))
    assert plan.judged() == [("Cu-distilled", "Cu/32/momt")]
    assert data(plan) == [
        "<results>/sampling/Cu/32/momt.h5",
        "<results>/distillation/Cu/distilled.h5",
        "<results>/models/Cu-distilled/ensemble.pt",
    ]
    made = {file.partition("/")[2].rpartition(".")[0] for file in tables_and_plots(plan)}
    assert made == {
        "distillation/Cu/reduction", "tables/crystals_Cu", "plots/sampling/Cu-32-momt",
        "plots/errors/Cu-distilled-on-Cu-32-momt",
    }  # fmt: skip
    files = result_files(plan, Path("r"), plan.judged())
    assert files.crystals == {("Cu-distilled", "Cu"): Path("r/relaxation/Cu-distilled/Cu.json")}
    with pytest.raises(PotstillError, match=r"distillation\.Cu\.test is asked for and missing"):
        plan.larger_set("Cu")


def test_iterations_wait_only_where_the_loop_may_stop(tmp_path):
    settings = load_settings(DEFAULT)
    asked = []

    def summary(element, k):
        asked.append(k)
        file = tmp_path / f"{k}.json"
        file.write_text('{"converged": %s}' % ("true" if k == 4 else "false"))
        return str(file)

    assert Loop(Plan(settings), summary).last("Ni") == 9 and asked == []
    stops = settings.model_copy(
        update={
            "distillation": {
                "Ni": settings.distillation["Ni"].model_copy(update={"converged_share": 0.1})
            }
        }
    )
    loop = Loop(Plan(stops), summary)
    assert loop.last("Ni") == 4 and asked == [0, 1, 2, 3, 4]
    assert loop.models("Ni")[-2:] == ["Ni-iteration-3", "Ni-distilled"]
    assert loop.selection("Ni") == "<results>/distillation/Ni/4/selection.h5"


@pytest.mark.parametrize("strategy", ["force_sigma", "frame_sigma", "random"])
def test_forces_are_scored_for_strategies_that_ask_for_them(strategy):
    settings = load_settings(DEFAULT)
    loop = settings.distillation["Ni"].model_copy(update={"strategy": strategy})
    study = settings.paper.study["Ni"].model_copy(update={"strategies": ("random", strategy)})
    paper = settings.paper.model_copy(update={"study": {"Ni": study}})
    plan = Plan(settings.model_copy(update={"distillation": {"Ni": loop}}))
    asked = strategy == "force_sigma"
    assert Loop(plan, lambda element, k: "").asks_forces("Ni") is asked
    assert PaperPlan(plan, paper).study_asks_forces("Ni") is asked


def lacking(config):
    """Return the paper's figures and tables that a configuration has not all for, by the reason."""
    settings = load_settings(config)
    paper = PaperPlan(Plan(settings), settings.paper)
    figures = paper.possible(catalogue.figures(paper, lambda element: []))[1]
    tables = paper.possible(catalogue.tables(paper))[1]
    return {reason: figures.get(reason, []) + tables.get(reason, []) for reason in figures | tables}


def test_the_default_configuration_has_all_for_the_paper():
    assert lacking(DEFAULT) == {}


def test_models_with_other_labels_are_not_compared_with_the_potential():
    change = {"Al-translated": {"frames": "translation/Ni-Al/relabelled"}}
    config = DEFAULT | EMT | {"models": DEFAULT["models"] | change, "properties": {}}
    ((reason, lost),) = lacking(config).items()
    assert reason.startswith("models.Al-translated has frames with other labels")
    assert lost == ["figure_3b", "translation", "3"]
    random = {"Ni-random": {"frames": "distillation/Ni/relabelled"}}
    labels = {"labels": {"Ni": {"calculator": "ase.calculators.emt.EMT"}}}
    ((reason, lost),) = lacking(DEFAULT | labels | {"models": DEFAULT["models"] | random}).items()
    assert (reason[:16], lost) == ("models.Ni-random", ["figure_2a"])


@pytest.mark.parametrize(
    "study, message",
    [
        ({"source": "Ni/256/momt"}, r"paper\.study\.Ni\.source: 'Ni/256/momt' is not a key"),
        ({"tests": ["Al/108/momt"]}, r"paper\.study\.Ni\.tests: 'Al/108/momt' is not a set of Ni"),
        ({"test_frames": 900}, "900 of the 1000 frames of Ni/32/momt leave less than the largest"),
    ],
)
def test_a_study_of_what_is_not_there(study, message):
    config = DEFAULT | {"paper": {"study": {"Ni": DEFAULT["paper"]["study"]["Ni"] | study}}}
    settings = load_settings(config)
    plan = PaperPlan(Plan(settings), settings.paper)
    with pytest.raises(PotstillError, match=message):
        plan.study("Ni")
    with pytest.raises(PotstillError, match=r"paper\.study\.Al is asked for and missing"):
        plan.study("Al")


FROM_FILE = {
    "run": "mine",
    "elements": {"Cu": {}},
    "sampling": {"Cu/32/dft": {"method": "file", "file": "frames.xyz", "frames": 100}},
    "distillation": {"Cu": {"source": "Cu/32/dft"}},
    "models": {"Cu-distilled": {"frames": "distillation/Cu/distilled"}},
}


def test_sets_from_files_and_sampled_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load_settings(FROM_FILE)
    plan = Plan(settings)
    assert plan.sets.sampled() == [] and plan.sets.named(FileSet) == "Cu/32/dft"
    with pytest.raises(PotstillError, match=r"sampling\.Cu/32/dft\.file: there is no file frames"):
        plan.sets.file("Cu/32/dft")
    (tmp_path / "frames.xyz").touch()
    assert plan.sets.file("Cu/32/dft") == "frames.xyz"
    with pytest.raises(PotstillError, match=r"Cu/32/dft is from a file, and how it was sampled"):
        plan.sets.dynamics("Cu/32/dft")
    with pytest.raises(PotstillError, match=r"elements\.Cu\.table is asked for and missing; name"):
        plan.table("Cu")
    assert plan.judged() == [("Cu-distilled", "Cu/32/dft")]
    assert plan.crystal_elements() == []
    made = [*data(plan), *tables_and_plots(plan)]
    assert "<results>/sampling/Cu/32/dft.h5" in made
    assert not [file for file in made if "crystals" in file or "plots/sampling" in file]


ALLOY = FROM_FILE | {
    "elements": {"W": {}, "Be": {}},
    "sampling": {
        "WBe/mixed/dft": {"method": "file", "file": "frames.xyz", "frames": 100},
        "Be/64/dft": {"method": "file", "file": "more.xyz"},
    },
    "distillation": {"WBe": {"source": "WBe/mixed/dft", "test": "Be/64/dft"}},
    "models": {"WBe-distilled": {"frames": "distillation/WBe/distilled"}},
}


def test_an_alloy_of_mixed_sizes():
    plan = Plan(load_settings(ALLOY))
    assert plan.judged() == [("WBe-distilled", "WBe/mixed/dft"), ("WBe-distilled", "Be/64/dft")]
    assert plan.crystal_elements() == [] and plan.training_memory("WBe-distilled", 10) > 0
    assert plan.model("WBe-iteration-3").frames == "distillation/WBe/3/selection"
    made = [*data(plan), *tables_and_plots(plan)]
    assert "<results>/distillation/WBe/distilled.h5" in made
    assert "<results>/plots/errors/WBe-distilled-on-WBe-mixed-dft.svg" in made
    for name in (
        "sampling/WBe/mixed/dft.h5",
        "sampling/Be/64/dft.json",
        "models/WBe-distilled/x",
        "distillation/WBe/distilled.h5",
    ):
        check_target(plan, f"results/mine/{name}")
    for name, said in {
        "sampling/WNi/32/dft.h5": r"elements\.Ni is asked for and missing",
        "sampling/WBe/32/dft.h5": r"sampling\.WBe/32/dft is asked for and missing",
        "relaxation/WBe-distilled/WBe.json": "are of one element at a time; ask for one of W, Be",
        "distillation/BeW/distilled.h5": r"distillation\.BeW is asked.*one of: WBe",
    }.items():
        with pytest.raises(PotstillError, match=said):
            check_target(plan, f"results/mine/{name}")


def test_what_needs_the_number_of_frames_asks_for_it():
    sets = Plan(load_settings(ALLOY)).sets
    assert sets.frames("WBe/mixed/dft") == 100
    with pytest.raises(PotstillError, match=r"sampling\.Be/64/dft\.frames is asked for and miss"):
        sets.frames("Be/64/dft")


def test_file_names_of_sampled_sets_are_not_those_of_files():
    plan = Plan(load_settings(FROM_FILE))
    sampled = re.compile(rf"sampling/{plan.sets.sampled_element()}/[0-9]+/[a-z0-9]+\.h5")
    assert not sampled.fullmatch("sampling/Cu/32/dft.h5")
    for name in ("Cu/32/dft2", "Cu/32/momt", "Ni/32/dft", "Cu/108/dft"):
        assert sampled.fullmatch(f"sampling/{name}.h5")
    assert not sampled.fullmatch("sampling/CuNi/32/momt.h5")
    plain = Plan(load_settings(DEFAULT))
    assert re.fullmatch(plain.sets.sampled_element(), "Ni")
    assert not re.search(plain.sets.named(FileSet), "Ni/32/momt")


def test_memory_of_an_element_without_a_crystal(paper):
    """It is that of closely packed atoms, near that of the metal."""
    crystal = {"Cu": {"table": "Cu", "structure": "fcc", "lattice_constant_A": 3.615}}
    known = FROM_FILE | {"elements": crystal, "potentials": {"Cu": {}}}
    both = [Plan(load_settings(c)).training_memory("Cu-distilled", 10) for c in (FROM_FILE, known)]
    assert both[0] == pytest.approx(both[1], rel=0.15)


def test_targets_of_other_runs_are_no_business_of_this_one(paper):
    for target in ("results/other/models/nothing/ensemble.pt", "--cores", "2", "all", "a/b"):
        check_target(paper.plan, target)
    with pytest.raises(PotstillError, match=r"models\.nothing is asked for"):
        check_target(paper.plan, "results/default/models/nothing/ensemble.pt")


def test_what_labelled_frames_decides_what_they_are_tested_on():
    """Whose labels a file has is not known, so that its owner decides."""
    labels = {"Cu": {"calculator": "ase.calculators.emt.EMT"}}
    sets = {
        "Cu/32/own": {"method": "file", "file": "own.xyz", "frames": 100},
        "Cu/32/first": {"method": "foundational", "frames": 8},
    }
    models = {name: {"frames": f"sampling/Cu/32/{name}"} for name in ("own", "first")}
    models["kept"] = {"frames": "distillation/Cu/distilled"}
    given = {"run": "x", "elements": {"Cu": {}}, "sampling": sets, "labels": labels}
    given["distillation"] = {"Cu": {"source": "Cu/32/own", "blocks": 3}}
    plan = Plan(load_settings(given | {"models": models}))
    origins = {name: plan.settings.origin_of(model["frames"]) for name, model in models.items()}
    assert origins == {"own": "file", "first": "calculator", "kept": "file"}
    for model in models:
        for tested_on in sets:
            assert plan.ensemble(model, tested_on) == f"<results>/models/{model}/ensemble.pt"
    with pytest.raises(
        PotstillError, match=r"models\.first has frames with other labels than the "
    ):
        plan.ensemble("first")
    assert plan.settings.origin_of("translation/Ni-Al/frames") == "EAM"
    assert plan.settings.origin_of("translation/Ni-Al/relabelled") == "calculator"
