"""The one model of the configuration, with the checks of its sections against each other.

`config/README.md` is made from it (see `potstill.settings.reference`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import ase.data
from pydantic import Field, ValidationError, field_validator, model_validator

from potstill.errors import PotstillError
from potstill.settings import names
from potstill.settings.base import ElementGiven, Name, Section, Table
from potstill.settings.complaints import complaints, did_you_mean
from potstill.settings.crystals import check_cube
from potstill.settings.distillation import Distillation
from potstill.settings.exploration import Exploration, ModelDynamics
from potstill.settings.model_frames import check_exploration, check_model
from potstill.settings.names import (
    element_of,
    is_relabelled,
    split_sampled,
    split_set,
    split_symbols,
)
from potstill.settings.paper import Paper
from potstill.settings.properties import Properties
from potstill.settings.sampling import (
    FOUNDATIONAL_ATOMS,
    AnySet,
    FileSet,
    UnlabelledSet,
)
from potstill.settings.training import Descriptor, Model, Training
from potstill.settings.translation import Labels, Translation


class Settings(Section):
    """Potstill's configuration."""

    run: Name = Field(description="name of the run; everything is written to results/<run>/")
    seed: int = Field(20231109, ge=0, lt=2**31, description="seed of every random stream")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="where networks run; auto takes a GPU if there is one; cuda puts sampling on "
        "it, too, which has not been run on a GPU",
    )
    potentials: dict[Name, Table] = Field({}, description="EAM tables by name")
    elements: dict[str, ElementGiven] = Field(description="elements by symbol, each by itself")
    sampling: dict[str, AnySet] = Field(
        {},
        description="sets of frames by `element/atoms/ensemble`, sampled or from files; those of "
        "files may be of several elements and sizes, as `WBe/mixed/dft`",
    )
    training: Training = Field(Training(), description="training of every model")
    models: dict[Name, Model] = Field(
        {}, description="models by name, beside those of the iterations"
    )
    distillation: dict[str, Distillation] = Field(
        {}, description="distillation by element, or by several as one word"
    )
    translation: dict[str, Translation] = Field({}, description="translation by target element")
    labels: dict[str, Labels] = Field(
        {},
        description="labels by another calculator than the EAM, by element or by several as one "
        "word",
    )
    exploration: dict[str, Exploration] = Field(
        {}, description="loops that label what models come to and do not know, by element"
    )
    properties: dict[str, Properties] = Field(
        {}, description="properties of models against the reference by element"
    )
    paper: Paper | None = Field(
        None, description="the paper's figures and tables; null for a run without them"
    )

    @field_validator("sampling")
    @classmethod
    def _set_names(cls, sets: dict[str, AnySet]) -> dict[str, AnySet]:
        for name in sets:
            split_set(name)
        return sets

    @model_validator(mode="after")
    def _references(self) -> Self:
        """See that each section names what others hold."""
        for symbol, element in self.elements.items():
            if symbol not in ase.data.atomic_numbers:
                raise ValueError(
                    f"elements: '{symbol}' is no chemical symbol; list elements one by one, also "
                    "those of an alloy"
                )
            if element.table is not None:
                self.need(f"elements.{symbol}.table", element.table, "potentials")
        for name, sampled in self.sampling.items():
            self._check_set(name, sampled)
        for system, loop in self.distillation.items():
            self.need_elements(f"distillation.{system}", system)
            self.descriptor_of(system)
            self.own_set(f"distillation.{system}.source", loop.source, system)
            if loop.test is not None:
                self.own_set(f"distillation.{system}.test", loop.test, system, whole=False)
            frames = self.sampling[loop.source].frames
            if frames is not None and frames < 10 * loop.blocks:
                raise ValueError(
                    f"distillation.{system}.blocks: {loop.blocks} blocks need at least "
                    f"{10 * loop.blocks} frames in sampling.{loop.source}.frames"
                )
        for symbol, transfer in self.translation.items():
            self.need_one(f"translation.{symbol}", symbol)
            self.need(f"translation.{symbol}.source", transfer.source, "distillation")
            self.need_one(f"translation.{symbol}.source", transfer.source)
            if transfer.test is not None:
                self.own_set(f"translation.{symbol}.test", transfer.test, symbol)
            if self.elements[symbol].table is None:
                raise ValueError(f"translation.{symbol} needs elements.{symbol}.table; name it")
            self.length_scale(symbol)
            if transfer.bain_share and self.elements[transfer.source].structure != "fcc":
                raise ValueError(
                    f"translation.{symbol}: bain_share stretches FCC crystals, but that of "
                    f"{transfer.source} is another; leave it 0"
                )
        for system in self.labels:
            self.need_elements(f"labels.{system}", system)
        for symbol, explored in self.exploration.items():
            check_exploration(self, symbol, explored)
        for name, model in self.models.items():
            check_model(self, name, model)
        for symbol, properties in self.properties.items():
            self.need_one(f"properties.{symbol}", symbol)
            for name in properties.models:
                self.need(f"properties.{symbol}.models", name, "models")
                own = element_of(self.models[name].frames)
                if own != symbol:
                    raise ValueError(
                        f"properties.{symbol}.models: '{name}' is a model of {own}; name one of "
                        f"{symbol}"
                    )
            reference = self.reference_of(symbol, properties.models)
            own_table = reference == "EAM" and properties.reference is None
            self.elements[symbol].known(symbol, f"properties.{symbol}", table=own_table)
        return self

    def need(self, place: str, name: str, section: str) -> None:
        """Raise ValueError where what stands at a place is no key of a section."""
        known = getattr(self, section)
        if name not in known:
            raise ValueError(
                f"{place}: '{name}' is not a key of `{section}` ({', '.join(known) or 'empty'})"
                + did_you_mean(name, known)
            )

    def need_elements(self, place: str, system: str) -> tuple[str, ...]:
        """Return the symbols of an element, or of several as one word.

        Raises ValueError where `elements` does not hold them all.
        """
        symbols = split_symbols(system)
        for symbol in symbols:
            self.need(place, symbol, "elements")
        return symbols

    def need_one(self, place: str, symbol: str) -> None:
        """Raise ValueError where what stands at a place is not one element of `elements`."""
        if len(self.need_elements(place, symbol)) > 1:
            raise ValueError(
                f"{place}: '{symbol}' is several elements, and this is done for one at a time; "
                "name one of them, or remove it"
            )

    def own_set(self, place: str, name: str, system: str, *, whole: bool = True) -> None:
        """Raise ValueError where what stands at a place is no set of these elements.

        whole: of all of them.
        """
        self.need(place, name, "sampling")
        own, wanted = set(split_set(name).symbols), set(split_symbols(system))
        if own != wanted if whole else not own <= wanted:
            raise ValueError(f"{place}: '{name}' is not a set of {system}; name one that is")

    def _check_set(self, name: str, sampled: AnySet) -> None:
        """See that a set's elements are there, and the crystal that sampling starts from."""
        for symbol in split_set(name).symbols:
            self.need(f"sampling.{name}", symbol, "elements")
        if isinstance(sampled, FileSet):
            return
        try:
            symbol, atoms, _ = split_sampled(name)
        except ValueError as error:
            raise ValueError(f"sampling: {error}") from None
        if isinstance(sampled, UnlabelledSet):
            if atoms != FOUNDATIONAL_ATOMS:
                raise ValueError(
                    f"sampling.{name}: frames of method {sampled.method} have {FOUNDATIONAL_ATOMS} "
                    f"atoms; name it {symbol}/{FOUNDATIONAL_ATOMS}/..."
                )
            if symbol not in self.labels:
                raise ValueError(f"sampling.{name}: add labels.{symbol}, which labels these frames")
            if isinstance(sampled, ModelDynamics):
                self._check_dynamics(name, symbol, sampled)
            return
        metal = self.elements[symbol].known(symbol, f"sampling.{name}", table=True)
        check_cube(f"sampling.{name}", symbol, metal.structure, atoms)

    def _check_dynamics(self, name: str, symbol: str, given: ModelDynamics) -> None:
        """See that the model of a set of dynamics is of its element and not trained on the set."""
        place = f"sampling.{name}.model"
        self.need(place, given.model, "models")
        frames = self.models[given.model].frames
        if element_of(frames) != symbol:
            raise ValueError(f"{place}: '{given.model}' is no model of {symbol}; name one that is")
        if frames == f"sampling/{name}":
            raise ValueError(f"{place}: '{given.model}' is trained on this set; name another model")

    def reference_of(self, symbol: str, models: Sequence[str]) -> str:
        """Return what models of an element are compared with: what labelled their frames.

        `EAM`, or the name of the element's calculator in `labels`. Raises ValueError for models of
        both.
        """
        relabelled = {self.is_relabelled(self.models[name].frames) for name in models}
        if len(relabelled) > 1:
            raise ValueError(
                f"models {', '.join(models)} of {symbol}: some have labels of the EAM and some of "
                f"{self.labels[symbol].name}; compare each with its own"
            )
        return self.labels[symbol].name if relabelled == {True} else "EAM"

    def is_relabelled(self, frames: str) -> bool:
        """Return whether a frame file is labelled by the calculator of `labels`."""
        return self.origin_of(frames) == "calculator"

    def origin_of(self, frames: str) -> Literal["EAM", "calculator", "file"]:
        """Return who labelled a frame file: the EAM, the calculator of `labels`, or its maker."""
        if is_relabelled(frames):
            return "calculator"
        name = frames.removeprefix("sampling/")
        if frames.startswith("distillation/"):
            name = self.distillation[element_of(frames)].source
        given = self.sampling.get(name)
        if isinstance(given, UnlabelledSet):
            return "calculator"
        return "file" if isinstance(given, FileSet) else "EAM"

    def length_scale(self, target: str) -> float:
        """Return the factor of all lengths in the translation to an element.

        `scale` if it is set, else (V_target / V_source)^(1/3), V the volume of an atom in each
        element's own crystal.
        """
        transfer = self.translation[target]
        if transfer.scale is not None:
            return transfer.scale
        place = f"translation.{target} without a `scale`"
        source, own = (self.elements[s].known(s, place) for s in (transfer.source, target))
        return (own.volume_per_atom_A3 / source.volume_per_atom_A3) ** (1 / 3)

    def length_scales(self, target: str, factors: Sequence[float]) -> float | list[float]:
        """Return the factors of all lengths that the frames take in turn; one is a number."""
        scales = [factor * self.length_scale(target) for factor in factors]
        return scales[0] if len(scales) == 1 else scales

    def descriptor_of(self, system: str) -> Descriptor:
        """Return the symmetry functions of an element, or of several: as long as atoms are large.

        Raises ValueError where lengths that are given do not go with those that are not.
        """
        return self.training.descriptor.of_elements(split_symbols(system))

    def training_of(self, model: Model) -> Training:
        """Return how a model is trained: with its own steps, if it has any.

        On whatever is made of a translation the symmetry functions are those of the source, scaled
        as the frames are, so that they cover the same shells of neighbours (unless
        `scale_descriptor` is off).
        """
        training = self.training
        if model.steps is not None:
            training = training.model_copy(update={"steps": model.steps})
        fields = names.OF_TRANSLATION.read(model.frames)
        descriptor = self.descriptor_of(fields["source"] if fields else element_of(model.frames))
        if fields and self.translation[fields["target"]].scale_descriptor:
            descriptor = descriptor.scaled(self.length_scale(fields["target"]))
        return training.model_copy(update={"descriptor": descriptor})


def load_settings(config: Mapping[str, Any]) -> Settings:
    """Check a configuration; PotstillError lists each bad setting with what to do, one a line."""
    try:
        return Settings.model_validate(dict(config))
    except ValidationError as error:
        raise PotstillError("\n".join(complaints(error, config, Settings))) from None
