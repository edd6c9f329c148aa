"""The paper's figures and tables by name: what each is made from, and the function that makes it.

Their captions are in workflow/paper/captions.yaml.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from potstill.paper.paper_plan import CHOICES, COMPARED, COMPARED_MODELS, PaperPlan, title_of
from potstill.plan.plan import Files
from potstill.versions import library


@dataclass(frozen=True)
class Drawing:
    """A figure or a table: a function of the library, its input files, and its other arguments."""

    call: str
    files: Files
    arguments: dict[str, Any] = field(default_factory=dict)

    def inputs(self) -> Files:
        """Return the input files, those that are known late as well."""
        return {name: f() if callable(f) else f for name, f in self.files.items()}

    def caption(self, text: str) -> str:
        """Return a caption with the arguments, in words, in the place of their names in braces."""
        words = {
            name: ", ".join(value) if isinstance(value, list) else value
            for name, value in self.arguments.items()
        }
        return text.format(**words)


def _parity(paper: PaperPlan, models: dict[str, str], *, circle: bool) -> Drawing:
    """Predicted against true energy: of models by name, each on a set."""
    paper.known(*models)
    tested = paper.plan.evaluations
    files = [file for model, name in models.items() for file in tested([model], name, "h5")]
    titles = [title_of(name) for name in paper.sets(models.values())]
    return Drawing(
        library("paper.figures.parity.parity"),
        {"evaluations": files},
        {"evaluations": titles, "circle": circle},
    )


def figures(
    paper: PaperPlan, selections: Callable[[str], list[str]]
) -> dict[str, Callable[[], Drawing]]:
    """Return the figures by name, each as a function, for the loop is known once it has run.

    selections: the summaries of an element's iterations.
    """
    plan, settings = paper.plan, paper.settings

    def figure_1() -> Drawing:
        files = {
            "sampling": f"<results>/sampling/{paper.source()}.json",
            "selections": lambda: selections("Ni"),
            "model": plan.summaries(paper.known("Ni-distilled"))[0],
        }
        targets = list(paper.tested_targets())
        return Drawing(library("paper.figures.workflow.figure_1"), files, {"targets": targets})

    def figure_2a() -> Drawing:
        paper.known("Ni-random", "Ni-full")
        files = {
            "curve": "<results>/distillation/Ni/curve.csv",
            "random": plan.trained("Ni-random", paper.source()),
            "full": plan.trained("Ni-full", paper.source()),
        }
        paper.larger_set()
        return Drawing(library("paper.figures.curves.figure_2a"), files)

    def figure_2b() -> Drawing:
        models = paper.grid_models()
        files = {
            "curve": "<results>/distillation/Ni/curve.csv",
            "grid_summaries": plan.summaries(models),
            "grid_evaluations": plan.evaluations(models, paper.larger_set()),
        }
        labels = {"grid_summaries": paper.grids(), "grid_evaluations": paper.grids()}
        return Drawing(library("paper.figures.curves.figure_2b"), files, labels)

    def translated(target: str, *, circle: bool) -> Drawing:
        return _parity(paper, {f"{target}-translated": paper.test_of(target)}, circle=circle)

    def translation() -> Drawing:
        models = {f"{target}-translated": name for target, name in paper.tested_targets().items()}
        return _parity(paper, models, circle=True)

    def energy_volume() -> Drawing:
        targets = list(paper.tested_targets())
        files = {
            "translated": [
                f"<results>/translation/{settings.translation[target].source}-{target}/frames.h5"
                for target in targets
            ],
            "own": [f"<results>/sampling/{name}.h5" for name in paper.tested_targets().values()],
            "crystals": [f"<results>/relaxation/EAM/{target}.json" for target in targets],
        }
        return Drawing(
            library("paper.figures.energy_volume.energy_volume"),
            files,
            dict.fromkeys(files, targets),
        )

    def figure_s1() -> Drawing:
        sets = paper.sets(COMPARED.values())
        files = {"traces": [f"<results>/sampling/{name}_trace.h5" for name in sets]}
        return Drawing(
            library("paper.figures.coverage.figure_s1"), files, {"traces": list(COMPARED)}
        )

    def figure_s2() -> Drawing:
        return Drawing(
            library("paper.figures.models.figure_s2"),
            {"files": compared_evaluations(paper, "h5")},
            {"labels": list(COMPARED)},
        )

    def figure_s3() -> Drawing:
        names = paper.momt_sets()
        files = {"sets": [f"<results>/sampling/{name}.h5" for name in names]}
        return Drawing(
            library("paper.figures.coverage.figure_s3"),
            files,
            {"sets": [title_of(n) for n in names]},
        )

    return {
        "figure_1": figure_1,
        "figure_2a": figure_2a,
        "figure_2b": figure_2b,
        "figure_3a": lambda: _parity(paper, {"Ni-distilled": paper.larger_set()}, circle=False),
        "figure_3b": lambda: translated("Al", circle=True),
        "figure_n6": lambda: translated("Nb", circle=False),  # of the paper's note 6
        "figure_s1": figure_s1,
        "figure_s2": figure_s2,
        "figure_s3": figure_s3,
        "translation": translation,
        "energy_volume": energy_volume,
    }


def compared_evaluations(paper: PaperPlan, suffix: str) -> list[str]:
    """Return the evaluations of the models of three kinds of frames, each on each kind."""
    paper.known(*COMPARED_MODELS)
    return [
        file
        for model in COMPARED_MODELS
        for name in paper.sets(COMPARED.values())
        for file in paper.plan.evaluations([model], name, suffix)
    ]


def tables(paper: PaperPlan) -> dict[str, Callable[[], Drawing]]:
    """Return the tables by number, each as a function; PotstillError for what it lacks."""

    def crystals(element: str, models: list[str], printed: int | None) -> Drawing:
        paper.plan.setting("elements", element)
        files = paper.plan.compared("relaxation", element, paper.known(*models))
        labels = {"models": models, "summaries": models, "printed": printed}
        return Drawing(library("paper.tables.crystal_table"), files, labels)

    def self_energies() -> Drawing:
        models = list(paper.settings.models)
        files = {"summaries": paper.plan.summaries(models)}
        return Drawing(library("paper.tables.self_energy_table"), files, {"summaries": models})

    return {
        "1": lambda: crystals("Ni", COMPARED_MODELS, 1),
        "2": lambda: crystals("Ni", [CHOICES["distilled"], CHOICES["all"]], 2),
        "3": lambda: crystals("Al", ["Al-translated"], None),
        "nb": lambda: crystals("Nb", ["Nb-translated"], None),
        "s4": self_energies,
    }


def labels(captions: Any, kind: str, name: str) -> dict[str, str]:
    """Return what the report's list says of a figure or a table."""
    said = captions[f"{kind}s"][name]
    return {kind: said["number"], "shows": said["shows"]}


def reproduction(paper: PaperPlan, drawn: Iterable[str]) -> Files:
    """Return what the reproduction's page is made from; `reproduced` tells what lists are of.

    drawn: the names of the figures. Tables of targets asked for apart are shown if they are there.
    """
    plan, grids, few = paper.plan, paper.grid_models(), paper.few_models()
    choices, larger = list(CHOICES.values()), paper.larger_set()
    return {
        "provenance": "<results>/provenance.json",
        "tables": [f"<results>/tables/table_{number}.csv" for number in tables(paper)],
        "figures": [f"<results>/figures/{name}.png" for name in drawn],
        "curve": "<results>/distillation/Ni/curve.csv",
        "reduction": "<results>/distillation/Ni/reduction.json",
        "choice_summaries": plan.summaries(choices),
        "choice_evaluations": plan.evaluations(choices, paper.source()),
        "grid_summaries": plan.summaries(grids),
        "grid_evaluations": plan.evaluations(grids, larger),
        "few_summaries": plan.summaries(few),
        "few_evaluations": plan.evaluations(few, larger),
        "compared": compared_evaluations(paper, "json"),
        "translated": [
            file
            for target, name in paper.tested_targets().items()
            for file in plan.evaluations([f"{target}-translated"], name, "h5")
        ],
        "sets": "<results>/sampling/sets.csv",
        "apart": list(paper.made_apart().values()),
        "rows": list(paper.study_rows().values()),
    }


def reproduced(paper: PaperPlan) -> dict[str, list[str]]:
    """Return what the files of each list in `reproduction` are of."""
    return {
        "tables": list(tables(paper)),
        "choices": list(CHOICES),
        "grids": paper.grids(),
        "few": [str(count) for count in paper.paper.few_frames],
        "compared": list(COMPARED),
        "translated": list(paper.tested_targets()),
        "apart": list(paper.made_apart()),
        "rows": list(paper.study_rows()),
    }
