"""What the rules of the method ask of a configuration: models, files, values of params.

All is a function of the settings and of names. `<results>` in a file's name is the folder of the
run, which Snakemake puts in.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ase.data import atomic_numbers, covalent_radii

from potstill.errors import PotstillError
from potstill.plan.labelling import Labelling
from potstill.plan.sets import Sets, entry, need_file
from potstill.settings import FileSet, Model, Section, Settings, Training
from potstill.settings.names import (
    DISTILLED,
    DISTILLED_MODEL,
    EXPLORED_BY_TURN,
    FIELDS,
    ITERATION_MODEL,
    OF_TRANSLATION,
    SELECTION,
    TRANSLATED,
    TURN_MODEL,
    Template,
    element_of,
    split_symbols,
)
from potstill.training.memory import training_memory_MiB

# Input files of a rule by name.
Files = dict[str, Any]
# In the name of a folder of features, before the elements whose lengths they have.
LIKE = "like-"
# Makes the model that a name implies out of the name's fields.
Implied = Callable[[Mapping[str, str]], Model]


def plain(section: Section) -> dict[str, Any]:
    """Return a section as the plain dict that goes into a rule's params."""
    return section.model_dump(mode="json")


def growing(amount: int) -> Callable[..., int]:
    """Return a resource that grows by `amount` with every attempt at a job."""
    return lambda wildcards, attempt: attempt * amount


class Plan:
    """A configuration as the rules ask it.

    sets: its sets of frames; labelling: labels by calculators. implied: how models are made that
    `models` does not hold, by the template of their names. checks: what sees that files asked for
    by name, as their folders in the run's, can be made. A workflow on top adds its own to both.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sets = Sets(settings)
        self.labelling = Labelling(settings)
        self.checks: list[Callable[[Plan, tuple[str, ...]], None]] = []
        self.implied: dict[Template, Implied] = {
            ITERATION_MODEL: lambda fields: Model(frames=SELECTION.make(**fields)),
            DISTILLED_MODEL: lambda fields: Model(frames=DISTILLED.make(**fields)),
            TURN_MODEL: lambda fields: Model(frames=EXPLORED_BY_TURN.make(**fields)),
        }

    def setting(self, section: str, name: str) -> Any:
        """Return one entry of a section; PotstillError where there is none of this name."""
        return entry(self.settings, section, name)

    def plain(self, section: str, name: str) -> dict[str, Any]:
        """Return one entry of a section as a plain dict."""
        return plain(self.setting(section, name))

    def wildcards(self) -> dict[str, str]:
        """Return what the rules' wildcards may be, as regular expressions."""
        return FIELDS | {
            "table": "|".join(self.settings.potentials),
            "name": self.sets.named(FileSet),
        }

    # -- potentials

    def table(self, element: str) -> str:
        """Return the file of an element's potential; PotstillError where it has none."""
        table: str | None = self.setting("elements", element).table
        if table is None:
            raise PotstillError(
                f"configuration: elements.{element}.table is asked for and missing; name the EAM "
                f"table of {element}, a key of `potentials`"
            )
        return f"<results>/potentials/{table}.eam.fs"

    def own_table(self, name: str) -> list[str]:
        """Return no inputs; PotstillError where a table is to be made of a file not there."""
        file = self.setting("potentials", name).file
        made = Path(f"results/{self.settings.run}/potentials/{name}.eam.fs").exists()
        if file is not None and not made:
            need_file(f"potentials.{name}.file", file, cure=", or remove the setting")
        return []

    # -- models

    def model(self, name: str) -> Model:
        """Return what a model is trained on: one of `models`, or one that its name implies."""
        if name not in self.settings.models:
            for template, implied in self.implied.items():
                if fields := template.read(name):
                    return implied(fields)
        made: Model = self.setting("models", name)
        return made

    def training(self, name: str) -> Training:
        """Return how a model is trained."""
        return self.settings.training_of(self.model(name))

    def trained_on(self, name: str) -> dict[str, Any]:
        """Return how many frames a model takes, and what elements it is for."""
        model = self.model(name)
        symbols = sorted(split_symbols(element_of(model.frames)), key=atomic_numbers.__getitem__)
        return {"count": model.count, "elements": symbols}

    def seed(self, name: str) -> int:
        """Return the seed of a model's training: its own, else the run's."""
        seed = self.model(name).seed
        return self.settings.seed if seed is None else seed

    def training_memory(self, name: str, frames_MB: float) -> int:
        """Return the memory of a training, MB; only the frames that it takes of a set count."""
        model, share = self.model(name), 1.0
        sampled = self.settings.sampling.get(model.frames.removeprefix("sampling/"))
        if model.count and sampled and sampled.frames:
            share = min(1.0, model.count / sampled.frames)
        symbols = split_symbols(element_of(model.frames))
        density = max(map(self._density, symbols))
        functions = self.training(name).descriptor
        return training_memory_MiB(share * frames_MB, functions, density, len(symbols))

    def _density(self, element: str) -> float:
        """Return atoms per A^3 of an element's crystal; close-packed if none is given."""
        given = self.settings.elements[element]
        if given.has_crystal:
            return 1 / given.known(element, "memory").volume_per_atom_A3
        return float(math.sqrt(2) / (2 * covalent_radii[atomic_numbers[element]]) ** 3)

    def ensemble(self, name: str, tested_on: str | None = None) -> str:
        """Return the file of a model that is compared with the labels of a set, or with the EAM.

        PotstillError where its own frames are known to have labels of another origin.
        """
        origin = self.settings.origin_of
        wanted = origin(f"sampling/{tested_on}") if tested_on else "EAM"
        if {origin(self.model(name).frames), wanted} == {"EAM", "calculator"}:
            other = f"those of sampling.{tested_on}" if tested_on else "the EAM's"
            raise PotstillError(
                f"configuration: models.{name} has frames with other labels than {other}; it "
                "cannot be tested on them"
            )
        return f"<results>/models/{name}/ensemble.pt"

    def driver(self, set_name: str) -> str:
        """Return the file of the model that drives the dynamics of a set."""
        return f"<results>/models/{self.setting('sampling', set_name).model}/ensemble.pt"

    def descriptor(self, lengths: str, frames: str) -> dict[str, Any]:
        """Return the symmetry functions of a feature file.

        lengths: `unscaled`, those of the frames' elements; `scaled`, those of a translation;
        `like-WBe`, those of other elements, as of a model of more than the frames have.
        """
        of, system = self.settings.descriptor_of, element_of(frames)
        if lengths == "scaled":
            source = self.setting("translation", system).source
            return plain(of(source).scaled(self.settings.length_scale(system)))
        return plain(of(lengths.removeprefix(LIKE) if lengths.startswith(LIKE) else system))

    def features(self, name: str, frames: str) -> str:
        """Return the features of a frame file that a model takes."""
        given = self.training(name).descriptor
        lengths = f"{LIKE}{element_of(self.model(name).frames)}"
        if given == self.settings.descriptor_of(element_of(frames)):
            lengths = "unscaled"
        elif OF_TRANSLATION.read(self.model(name).frames):
            lengths = "scaled"
        return f"<results>/features/{lengths}/{frames}.h5"

    def summaries(self, models: Iterable[str]) -> list[str]:
        """Return the training summaries of models."""
        return [f"<results>/models/{model}/summary.json" for model in models]

    def evaluations(self, models: Iterable[str], set_name: str, suffix: str = "json") -> list[str]:
        """Return the evaluations of models on a sampled set."""
        return [f"<results>/models/{m}/evaluation/{set_name}.{suffix}" for m in models]

    def trained(self, model: str, set_name: str) -> list[str]:
        """Return a model's training summary and the summary of its evaluation on a sampled set."""
        return [*self.summaries([model]), *self.evaluations([model], set_name)]

    def judged(self) -> list[tuple[str, str]]:
        """Return (model, set) of models and what tests them.

        Those that name it, and the distilled and the translated ones and what they are for.
        """
        found = []
        for name, model in self.settings.models.items():
            element, tests = element_of(model.frames), [model.test]
            if model.test is None and DISTILLED.read(model.frames):
                loop = self.settings.distillation[element]
                tests = [loop.source, loop.test]
            elif model.test is None and TRANSLATED.read(model.frames):
                tests = [self.settings.translation[element].test]
            found += [(name, test) for test in tests if test]
        return found

    # -- distillation

    def loop(self, element: str) -> dict[str, Any]:
        """Return what a selection depends on: the loop's settings without the test set."""
        loop = self.setting("distillation", element)
        made: dict[str, Any] = loop.model_dump(mode="json", exclude={"test"})
        return made

    def source(self, element: str) -> str:
        """Return the frames that an element's loop distils."""
        return f"<results>/sampling/{self.setting('distillation', element).source}.h5"

    def larger_set(self, element: str) -> str:
        """Return the name of the larger set that tests an element's models, or PotstillError."""
        test: str | None = self.setting("distillation", element).test
        if test is None:
            raise PotstillError(
                f"configuration: distillation.{element}.test is asked for and missing; name a "
                f"larger set of {element}"
            )
        return test

    # -- crystals and properties

    def calculator_files(self, element: str, model: str) -> Files:
        """Return what gives energies: a trained ensemble, the EAM's table; of a calculator none."""
        if self.labelling.source(element, model):
            return {}
        if model == "EAM":
            return {"potential": self.table(element)}
        return {"potential": f"<results>/models/{model}/ensemble.pt"}

    def measured(self, element: str) -> dict[str, Any]:
        """Return what is measured of an element."""
        found: Section = self.setting("properties", element)
        return found.model_dump(mode="json", exclude={"models", "reference"})

    def compared(
        self, folder: str, element: str, models: Iterable[str], reference: str = "EAM"
    ) -> Files:
        """Return a table's files: of the reference, of models, and the models' summaries."""
        return {
            "reference": f"<results>/{folder}/{reference}/{element}.json",
            "models": [f"<results>/{folder}/{name}/{element}.json" for name in models],
            "summaries": self.summaries(models),
        }

    def crystal_models(self, element: str) -> list[str]:
        """Return the models of an element whose crystals are compared with the EAM's, if any."""
        given = self.settings.elements[element]
        if given.table is None or not given.has_crystal:
            return []
        return [
            name
            for name, model in self.settings.models.items()
            if element_of(model.frames) == element and not self.settings.is_relabelled(model.frames)
        ]

    def properties(self, element: str) -> Files:
        """Return a properties table's files: of the models, and of what they are compared with."""
        given = self.setting("properties", element)
        reference = self.settings.reference_of(element, given.models)
        files = self.compared("properties", element, given.models, reference)
        if given.reference is not None:
            files["reference"] = need_file(f"properties.{element}.reference", given.reference)
        return files

    def crystals(self, element: str) -> Files:
        """Return the files of the table of their crystals."""
        return self.compared("relaxation", element, self.crystal_models(element))

    def crystal_elements(self) -> list[str]:
        """Return the elements that have such models."""
        return [element for element in self.settings.elements if self.crystal_models(element)]

    # -- translation

    def scale(self, target: str, factors: Sequence[float] = ()) -> float | list[float]:
        """Return the factor of lengths in a translation, or those that frames take in turn."""
        own = self.setting("translation", target).factors
        return self.settings.length_scales(target, factors or own)
