"""The one model of the configuration, with the checks of its sections against each other.

`config/README.md` is made from it (see `potstill.settings.reference`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import ase.data
from pydantic import Field, ValidationError, field_validator, model_validator

from potstill.errors import PotstillError
from potstill.settings.apart import Properties, Reproduction
from potstill.settings.base import ATOMS_PER_CELL, Element, Name, Section, Table
from potstill.settings.complaints import complaints, did_you_mean
from potstill.settings.distillation import Distillation, Study
from potstill.settings.sampling import Momt, Npt
from potstill.settings.training import Model, Training
from potstill.settings.translation import Labels, Translation

_SET_NAME = re.compile(r"[A-Z][a-z]?/[1-9]\d*/[a-z][a-z0-9]*")
_DISTILLED = re.compile(
    r"distillation/([A-Z][a-z]?)/(?:distilled|relabelled|\d+/selection|grid-\d+x\d+)"
)
_STUDY = re.compile(r"study/([A-Z][a-z]?)/[a-z_]+/[\d.]+/(\d+)/selection")
_TRANSLATED = re.compile(
    r"translation/([A-Z][a-z]?)-([A-Z][a-z]?)/"
    r"(?:frames|relabelled|whole|scaled-[\d._]+|bain-[\d.]+|native-[a-z_]+-(?:frames|atoms))"
)

# models that tables and figures compare with the EAM, by what stands behind the element
_AGAINST_EAM = ("fcc", "liquid", "momt", "full", "random", "distilled", "translated")


def _refuse_alloy(name: str, place: str) -> None:
    """Raise ValueError when a name is made of the symbols of several elements, as Ni3Al."""
    symbols = re.findall(r"[A-Z][a-z]?", name)
    rest = re.sub(r"[A-Z][a-z]?|[\d._-]", "", name)
    if len(set(symbols)) > 1 and not rest and all(s in ase.data.atomic_numbers for s in symbols):
        raise ValueError(
            f"{place}'{name}' is an alloy of {' and '.join(dict.fromkeys(symbols))}; alloys are "
            "not supported, use one element to a set"
        )


class Settings(Section):
    """Potstill's configuration."""

    run: Name = Field(description="name of the run; everything is written to results/<run>/")
    seed: int = Field(ge=0, lt=2**31, description="seed of every random stream")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="where networks run; auto takes a GPU if there is one; cuda puts sampling on "
        "it, too, which has not been run on a GPU",
    )
    potentials: dict[Name, Table] = Field(description="EAM tables by name")
    elements: dict[str, Element] = Field(description="elements by symbol")
    sampling: dict[str, Annotated[Momt | Npt, Field(discriminator="method")]] = Field(
        description="sampled sets by `element/atoms/ensemble`"
    )
    training: Training = Field(Training(), description="training of every model")
    models: dict[Name, Model] = Field(description="models by name, beside those of the iterations")
    distillation: dict[str, Distillation] = Field(description="distillation by element")
    translation: dict[str, Translation] = Field(description="translation by target element")
    study: dict[str, Study] = Field({}, description="comparison of strategies by element")
    reproduction: Reproduction = Field(
        Reproduction(), description="models beside those of the default run"
    )
    labels: dict[str, Labels] = Field(
        {}, description="labels by another calculator than the EAM by element"
    )
    properties: dict[str, Properties] = Field(
        {}, description="properties of models against the reference by element"
    )

    @field_validator("sampling")
    @classmethod
    def _set_names(cls, sets: dict[str, Momt | Npt]) -> dict[str, Momt | Npt]:
        for name in sets:
            if not _SET_NAME.fullmatch(name):
                _refuse_alloy(name.partition("/")[0], f"'{name}': ")
                raise ValueError(f"'{name}' must read element/atoms/ensemble, as Ni/32/momt")
        return sets

    @model_validator(mode="after")
    def _references(self) -> Self:
        def need(place: str, name: str, known: Mapping[str, Any], what: str) -> None:
            if name not in known:
                raise ValueError(
                    f"{place}: '{name}' is not a key of `{what}` ({', '.join(known) or 'empty'})"
                    + did_you_mean(name, known)
                )

        def own_set(place: str, name: str, symbol: str) -> None:
            need(place, name, self.sampling, "sampling")
            if split_set(name)[0] != symbol:
                raise ValueError(f"{place}: '{name}' is not a set of {symbol}; name one that is")

        for symbol, element in self.elements.items():
            if symbol not in ase.data.atomic_numbers:
                _refuse_alloy(symbol, "elements: ")
                raise ValueError(f"elements: '{symbol}' is no chemical symbol")
            need(f"elements.{symbol}.table", element.table, self.potentials, "potentials")
        for name in self.sampling:
            symbol, atoms, _ = split_set(name)
            need(f"sampling.{name}", symbol, self.elements, "elements")
            basis = ATOMS_PER_CELL[self.elements[symbol].structure]
            cells = round((atoms / basis) ** (1 / 3))
            if basis * cells**3 != atoms:
                raise ValueError(
                    f"sampling.{name}: {atoms} atoms do not fill a cube of "
                    f"{self.elements[symbol].structure} cells; use {basis} n^3 atoms"
                )
        for symbol, loop in self.distillation.items():
            need(f"distillation.{symbol}", symbol, self.elements, "elements")
            for role in ("source", "reference"):
                own_set(f"distillation.{symbol}.{role}", getattr(loop, role), symbol)
            if self.sampling[loop.source].frames < 10 * loop.blocks:
                raise ValueError(
                    f"distillation.{symbol}.blocks: {loop.blocks} blocks need at least "
                    f"{10 * loop.blocks} frames in sampling.{loop.source}.frames"
                )
        for symbol, transfer in self.translation.items():
            need(f"translation.{symbol}", symbol, self.elements, "elements")
            need(f"translation.{symbol}.source", transfer.source, self.distillation, "distillation")
            own_set(f"translation.{symbol}.test", transfer.test, symbol)
            stretched = any((transfer.bain_share, *transfer.bain_trials))
            if stretched and self.elements[transfer.source].structure != "fcc":
                raise ValueError(
                    f"translation.{symbol}: bain_share and bain_trials stretch FCC crystals, but "
                    f"that of {transfer.source} is another; leave them 0"
                )
        for symbol, study in self.study.items():
            place = f"study.{symbol}"
            need(place, symbol, self.elements, "elements")
            own_set(f"{place}.source", study.source, symbol)
            for name in study.tests:
                own_set(f"{place}.tests", name, symbol)
            frames = self.sampling[study.source].frames
            if frames - study.test_frames < max(study.shares) * frames:
                raise ValueError(
                    f"{place}.test_frames: {study.test_frames} of the {frames} frames of "
                    f"{study.source} leave less than the largest of shares to choose from; lower it"
                )
        for symbol in self.labels:
            need(f"labels.{symbol}", symbol, self.elements, "elements")
        for name, model in self.models.items():
            self._check_model(name, model)
            self._check_labels(name, model)
        for symbol, properties in self.properties.items():
            need(f"properties.{symbol}", symbol, self.elements, "elements")
            for name in properties.models:
                need(f"properties.{symbol}.models", name, self.models, "models")
                own = symbol_of(self.models[name])
                if own != symbol:
                    raise ValueError(
                        f"properties.{symbol}.models: '{name}' is a model of {own}; name one of "
                        f"{symbol}"
                    )
            self.reference_of(symbol, properties.models)
        return self

    def _check_model(self, name: str, model: Model) -> None:
        if name == "EAM":
            raise ValueError("models.EAM: this name is taken by the reference potential")
        place = f"models.{name}.frames: '{model.frames}'"
        sampled = model.frames.removeprefix("sampling/")
        if sampled in self.sampling and sampled != model.frames:
            frames = self.sampling[sampled].frames
            if model.count is not None and model.count > frames:
                raise ValueError(
                    f"models.{name}.count: {model.count} frames of a set of {frames}; lower it or "
                    f"raise sampling.{sampled}.frames"
                )
        elif match := _DISTILLED.fullmatch(model.frames):
            if match[1] not in self.distillation:
                raise ValueError(f"{place}: add distillation.{match[1]} or name another set")
        elif match := _TRANSLATED.fullmatch(model.frames):
            transfer = self.translation.get(match[2])
            if transfer is None or transfer.source != match[1]:
                raise ValueError(
                    f"{place}: add translation.{match[2]} with source {match[1]}, or name "
                    "another set"
                )
        else:
            raise ValueError(
                f"{place} is no set of frames; use sampling/<key of `sampling`>, "
                "distillation/<element>/distilled or translation/<source>-<target>/frames"
                + did_you_mean(model.frames, self._frame_files())
            )

    def _frame_files(self) -> list[str]:
        """Return the frame files that models are most often trained on."""
        return [
            *(f"sampling/{name}" for name in self.sampling),
            *(f"distillation/{symbol}/distilled" for symbol in self.distillation),
            *(f"translation/{t.source}-{symbol}/frames" for symbol, t in self.translation.items()),
        ]

    def _check_labels(self, name: str, model: Model) -> None:
        """See that relabelled frames have a calculator, and their models names of their own."""
        symbol = symbol_of(model)
        if symbol in self.labels and name == self.labels[symbol].name:
            raise ValueError(f"models.{name}: this name is taken by the calculator of labels")
        if not is_relabelled(model):
            return
        if symbol not in self.labels:
            raise ValueError(f"models.{name}.frames: add labels.{symbol}, which relabels them")
        against_eam = {f"{symbol}-{kind}" for kind in _AGAINST_EAM}
        if name in against_eam:
            raise ValueError(
                f"models.{name}: tables and figures compare the model of this name with the EAM; "
                f"give the one of {model.frames} another name"
            )

    def reference_of(self, symbol: str, models: Sequence[str]) -> str:
        """Return what models of an element are compared with: what labelled their frames.

        `EAM`, or the name of the element's calculator in `labels`. Raises ValueError for models of
        both.
        """
        relabelled = {is_relabelled(self.models[name]) for name in models}
        if len(relabelled) > 1:
            raise ValueError(
                f"models {', '.join(models)} of {symbol}: some have labels of the EAM and some of "
                f"{self.labels[symbol].name}; compare each with its own"
            )
        return self.labels[symbol].name if relabelled == {True} else "EAM"

    def length_scale(self, target: str) -> float:
        """Return the factor of all lengths in the translation to an element.

        `scale` if it is set, else (V_target / V_source)^(1/3), V the volume of an atom in each
        element's own crystal.
        """
        transfer = self.translation[target]
        if transfer.scale is not None:
            return transfer.scale
        source, own = self.elements[transfer.source], self.elements[target]
        return (own.volume_per_atom_A3 / source.volume_per_atom_A3) ** (1 / 3)

    def length_scales(self, target: str, factors: Sequence[float]) -> float | list[float]:
        """Return the factors of all lengths that the frames take in turn; one is a number."""
        scales = [factor * self.length_scale(target) for factor in factors]
        return scales[0] if len(scales) == 1 else scales

    def training_of(self, model: Model) -> Training:
        """Return how a model is trained.

        On translated frames, and on native ones that are compared with them, the symmetry functions
        are scaled as the frames are, so that they cover the same shells of neighbours (unless
        `scale_descriptor` is off). The models of a
        study have the study's number of steps.
        """
        if match := _STUDY.fullmatch(model.frames):
            steps = self.study[match[1]].steps or self.training.steps
            return self.training.model_copy(update={"steps": steps})
        match = _TRANSLATED.fullmatch(model.frames)
        if match is None or not self.translation[match[2]].scale_descriptor:
            return self.training
        descriptor = self.training.descriptor.scaled(self.length_scale(match[2]))
        return self.training.model_copy(update={"descriptor": descriptor})

    def seed_of(self, model: Model) -> int:
        """Return the seed of a model's training: its own, else the run's.

        Each replica of a study has another.
        """
        if model.seed is not None:
            return model.seed
        match = _STUDY.fullmatch(model.frames)
        return self.seed + int(match[2]) if match else self.seed


def is_relabelled(model: Model) -> bool:
    """Return whether a model's frames are labelled by another calculator than the EAM."""
    return bool(re.fullmatch(r"(?:distillation|translation)/[\w-]+/relabelled", model.frames))


def symbol_of(model: Model) -> str:
    """Return the element of a model whose `frames` have been checked."""
    if match := _TRANSLATED.fullmatch(model.frames):
        return match[2]
    return model.frames.split("/")[1]


def split_set(name: str) -> tuple[str, int, str]:
    """Return (element symbol, number of atoms, ensemble) of a set's name, as `Ni/32/momt`."""
    symbol, atoms, ensemble = name.split("/")
    return symbol, int(atoms), ensemble


def load_settings(config: Mapping[str, Any]) -> Settings:
    """Check a configuration; PotstillError lists each bad setting with what to do, one a line."""
    try:
        return Settings.model_validate(dict(config))
    except ValidationError as error:
        raise PotstillError("\n".join(complaints(error, config, Settings))) from None
