"""What the paper's rules ask of a configuration: models, files and values of params, and targets.

The paper is about nickel, aluminium and niobium, so its figures and tables name them. A
configuration without one of them lacks the figures and tables that need it, and nothing else.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from potstill.errors import PotstillError
from potstill.paper.names import GRID_MODEL, STUDY_MODEL, implied
from potstill.plan.iterations import asks_forces, asks_model
from potstill.plan.plan import Files, Plan
from potstill.settings import Comparison, Momt, Paper, Study
from potstill.settings.names import split_set

# Three kinds of nickel frames that are compared, and a model of each.
COMPARED = {"FCC": "Ni/108/fcc", "liquid": "Ni/108/liquid", "MOMT": "Ni/108/momt"}
COMPARED_MODELS = ["Ni-fcc", "Ni-liquid", "Ni-momt"]
# Several choices of frames from the set that is distilled, and a model of each.
CHOICES = {"distilled": "Ni-distilled", "as many at random": "Ni-random", "all": "Ni-full"}


def title_of(name: str) -> str:
    """Return a set's name as a figure's title."""
    symbols, atoms, _ = split_set(name)
    return f"{''.join(symbols)}, {f'{atoms} atoms' if atoms else 'several sizes'}"


class PaperPlan:
    """A configuration as the paper's rules ask it, on top of the method's plan."""

    def __init__(self, plan: Plan, paper: Paper) -> None:
        self.plan, self.paper, self.settings = plan, paper, plan.settings
        plan.implied |= implied(plan, paper)

    # -- nickel

    def source(self) -> str:
        """Return the name of the nickel set that is distilled."""
        source: str = self.plan.setting("distillation", "Ni").source
        return source

    def larger_set(self) -> str:
        """Return the name of the larger nickel set."""
        return self.plan.larger_set("Ni")

    def choices(self) -> list[tuple[str, str]]:
        """Return (model, set) of the choices of frames that `judged` does not have."""
        judged, source = self.plan.judged(), self.source()
        return [(model, source) for model in CHOICES.values() if (model, source) not in judged]

    def grids(self) -> list[str]:
        """Return the grids of the grid-based distillations, as `16x16`."""
        return [f"{h}x{o}" for h, o in self.paper.grids]

    def grid_models(self) -> list[str]:
        """Return the models of the grid-based distillations."""
        return [GRID_MODEL.make(element="Ni", grid=grid) for grid in self.grids()]

    def few_models(self) -> list[str]:
        """Return the models of ever fewer frames, beside the distilled."""
        return [f"Ni-few-{count}" for count in self.paper.few_frames]

    def known(self, *models: str) -> list[str]:
        """Return models whose files can be made and compared with the EAM; PotstillError if not."""
        for model in models:
            self.plan.ensemble(model)
        return list(models)

    def sets(self, names: Iterable[str]) -> list[str]:
        """Return the names of sets that can be made; PotstillError for one that can't."""
        names = list(names)
        for name in names:
            self.plan.setting("sampling", name)
        return names

    # -- translation

    def test_of(self, target: str) -> str:
        """Return the name of a target's own set, which tests models of translated frames."""
        test: str | None = self.plan.setting("translation", target).test
        if test is None:
            raise PotstillError(
                f"configuration: translation.{target}.test is asked for and missing; name a set "
                f"of {target}"
            )
        return test

    def tested_targets(self) -> dict[str, str]:
        """Return the targets of translation and the name of each one's own set."""
        if not self.settings.translation:
            raise PotstillError("configuration: translation is asked for and empty; add a target")
        return {target: self.test_of(target) for target in self.settings.translation}

    def comparison(self, target: str) -> Comparison:
        """Return what a target's translation is compared with."""
        return self.paper.comparison.get(target, Comparison())

    def native_test_frames(self, target: str) -> int:
        """Return how many frames of a target's own set test translated beside native frames."""
        frames = self.plan.sets.frames(self.test_of(target))
        return max(1, round(self.comparison(target).test_share * frames))

    def native_names(self, target: str) -> dict[str, str]:
        """Return the names of the choices of native frames by what they are."""
        return {
            f"native, {strategy}, as many {of}": f"native-{strategy}-{of}"
            for of in ("frames", "atoms")
            for strategy in self.comparison(target).native
        }

    def compared_models(self, target: str) -> dict[str, str]:
        """Return the models of translated and of native frames of a target, by what they are of."""
        compared, names = self.comparison(target), {"translated": "translated"}
        for factors in compared.trials:
            shown = [f"{factor:g}" for factor in factors]
            names["translated, x " + ", ".join(shown)] = "scaled-" + "_".join(shown)
        for share in compared.bain_trials:
            names[f"translated, {share:g} of crystals to BCC"] = f"bain-{share:g}"
        names |= self.native_names(target)
        return {label: f"{target}-{name}" for label, name in names.items()}

    def compared(self, target: str) -> Files:
        """Return the files of those models, and the summaries of the choices of native frames."""
        models = self.compared_models(target).values()
        place = f"{self.plan.setting('translation', target).source}-{target}"
        choices = self.native_names(target).values()
        return {
            "summaries": self.plan.summaries(models),
            "evaluations": [f"<results>/models/{m}/translation/{target}.h5" for m in models],
            "choices": [f"<results>/translation/{place}/{name}.json" for name in choices],
        }

    # -- seeds

    def seeded_models(self, element: str) -> list[str]:
        """Return the models of distilled frames and of all, which are compared over seeds."""
        kinds = ("distilled", "full")
        if element not in self.settings.distillation:
            kinds = ("translated", "whole")
        return [f"{element}-{kind}" for kind in kinds]

    def seeds(self, element: str) -> Files:
        """Return the crystals of those models, each with its twins trained with other seeds."""
        models = self.seeded_models(element)
        twins = [
            twin
            for model in models
            for twin in (model, *(f"{model}-seed-{k}" for k in range(1, self.paper.seeds)))
        ]
        return {
            "reference": f"<results>/relaxation/EAM/{element}.json",
            "crystals": [f"<results>/relaxation/{twin}/{element}.json" for twin in twins],
            "summaries": self.plan.summaries(models),
        }

    # -- study

    def study(self, element: str) -> Study:
        """Return an element's study; PotstillError where it names what is not there."""
        if element not in self.paper.study:
            raise PotstillError(
                f"configuration: paper.study.{element} is asked for and missing; add it or ask for "
                f"one of: {', '.join(self.paper.study) or 'none'}"
            )
        study, place = self.paper.study[element], f"paper.study.{element}"
        try:
            self.settings.need(place, element, "elements")
            self.settings.own_set(f"{place}.source", study.source, element)
            for name in study.tests:
                self.settings.own_set(f"{place}.tests", name, element)
        except ValueError as error:
            raise PotstillError(f"configuration: {error}") from None
        frames = self.plan.sets.frames(study.source)
        if frames - study.test_frames < max(study.shares) * frames:
            raise PotstillError(
                f"configuration: {place}.test_frames: {study.test_frames} of the {frames} frames "
                f"of {study.source} leave less than the largest of shares to choose from; lower it"
            )
        return study

    def study_size(self, element: str, percent: str, part: float = 1.0) -> dict[str, int]:
        """Return the `count` of frames in a share of a study's source, or in a part of it."""
        frames = self.plan.sets.frames(self.study(element).source)
        return {"count": max(1, round(part * round(float(percent) / 100 * frames)))}

    def start_size(self, element: str, percent: str) -> dict[str, int]:
        """Return the `count` of those of them that are drawn first, at random."""
        return self.study_size(element, percent, self.study(element).start)

    def study_models(self, element: str) -> list[tuple[str, str, int]]:
        """Return (strategy, percent, replica) of the models of a study."""
        study = self.study(element)
        return [
            (strategy, f"{100 * share:g}", replica)
            for share in study.shares
            for strategy in study.strategies
            for replica in range(study.replicas)
        ]

    def study_runs(self, element: str) -> Files:
        """Return the files of a study's models, each list in the order of `study_models`."""
        folder, tests = f"<results>/study/{element}", self.study(element).tests
        runs = self.study_models(element)
        names = [
            STUDY_MODEL.make(element=element, strategy=s, percent=p, replica=r) for s, p, r in runs
        ]
        return {
            "summaries": [f"{folder}/{s}/{p}/{r}/summary.json" for s, p, r in runs],
            "evaluations": [
                f"<results>/models/{name}/study/{test}.json" for name in names for test in tests
            ],
            "crystals": [f"<results>/relaxation/{name}/{element}.json" for name in names],
            "reference": f"<results>/relaxation/EAM/{element}.json",
        }

    def study_asks_forces(self, element: str) -> bool:
        """Return whether a strategy of a study asks for the forces of a model's members."""
        return any(map(asks_forces, self.study(element).strategies))

    def study_choice(self, element: str, strategy: str, percent: str, replica: str) -> Files:
        """Return the pool and, for a strategy that asks a model, the start and its scores."""
        folder = f"<results>/study/{element}"
        files = {"pool": f"{folder}/pool.h5"}
        if asks_model(strategy):
            start = f"{folder}/start/{percent}/{replica}"
            files |= {"start": f"{start}/selection.h5", "scores": f"{start}/scores.h5"}
        return files

    # -- what of it can be made

    def momt_sets(self) -> list[str]:
        """Return the names of the sets sampled by MOMT."""
        return [name for name, s in self.settings.sampling.items() if isinstance(s, Momt)]

    def possible(
        self, targets: dict[str, Callable[[], Any]]
    ) -> tuple[list[str], dict[str, list[str]]]:
        """Return the targets that the configuration has all for, and the others by what they lack.

        targets: what each is made of, as a function that raises PotstillError for what is missing.
        """
        found: list[str] = []
        lacking: dict[str, list[str]] = {}
        for name, files in targets.items():
            try:
                files()
                found.append(name)
            except PotstillError as error:
                reason = str(error).removeprefix("configuration: ").partition(";")[0]
                lacking.setdefault(reason, []).append(name)
        return found, lacking

    def made_before(self, files: dict[str, str]) -> dict[str, str]:
        """Return those of the run's files, by name, that are there."""
        folder = Path("results", self.settings.run)
        paths = {name: str(folder / file) for name, file in files.items()}
        return {name: path for name, path in paths.items() if Path(path).exists()}

    def made_apart(self) -> dict[str, str]:
        """Return the tables of targets asked for apart that are there, by title."""
        seeded = [*self.settings.distillation, *self.settings.translation]
        tables = {f"study {e}": f"study/{e}/table.csv" for e in self.paper.study}
        groups: Sequence[tuple[str, Iterable[str]]] = (
            ("seeds", seeded),
            ("translation", self.settings.translation),
            ("properties", self.settings.properties),
        )
        for name, elements in groups:
            tables |= {f"{name} {e}": f"tables/{name}_{e}.csv" for e in elements}
        return self.made_before(tables)

    def study_rows(self) -> dict[str, str]:
        """Return what else the studies wrote that is there: rows by model, ratios, by file name."""
        return self.made_before(
            {
                f"study_{element}_{kind}.csv": f"study/{element}/{kind}.csv"
                for element in self.paper.study
                for kind in ("models", "over_shares")
            }
        )

    def copied(self, numbers: Iterable[str]) -> list[str]:
        """Return the file names of the tables that the reproduction copies, the numbered first."""
        names = [f"table_{number}" for number in numbers]
        names += [title.replace(" ", "_") for title in self.made_apart()]
        both = [f"{name}.{suffix}" for name in names for suffix in ("csv", "md")]
        return ["curve.csv", "reduction.md", *both, *self.study_rows()]
