"""What a model of the configuration may be trained on: a set of frames that the run makes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from potstill.settings import names
from potstill.settings.complaints import did_you_mean
from potstill.settings.exploration import Exploration
from potstill.settings.names import element_of
from potstill.settings.training import Model

if TYPE_CHECKING:
    from potstill.settings.configuration import Settings

# What `models` may be trained on beside sampled sets.
_DISTILLED = (names.DISTILLED, names.DISTILLED_RELABELLED, names.SELECTION)
_TRANSLATED = (names.TRANSLATED, names.TRANSLATED_RELABELLED)

_EXPLORED = (names.EXPLORED, names.EXPLORED_BY_TURN)


def _read(name: str, templates: Sequence[names.Template]) -> dict[str, str] | None:
    return next((fields for t in templates if (fields := t.read(name))), None)


def check_model(settings: "Settings", name: str, model: Model) -> None:
    """See that a model's frames are made by this run, by the calculator that labels them."""
    if name == "EAM":
        raise ValueError("models.EAM: this name is taken by the reference potential")
    place = f"models.{name}.frames: '{model.frames}'"
    sampled = model.frames.removeprefix("sampling/")
    if sampled in settings.sampling and sampled != model.frames:
        frames = settings.sampling[sampled].frames
        if model.count is not None and frames is not None and model.count > frames:
            raise ValueError(
                f"models.{name}.count: {model.count} frames of a set of {frames}; lower it or "
                f"raise sampling.{sampled}.frames"
            )
    elif fields := _read(model.frames, _DISTILLED):
        if fields["element"] not in settings.distillation:
            raise ValueError(f"{place}: add distillation.{fields['element']} or name another set")
    elif fields := _read(model.frames, _TRANSLATED):
        transfer = settings.translation.get(fields["target"])
        if transfer is None or transfer.source != fields["source"]:
            raise ValueError(
                f"{place}: add translation.{fields['target']} with source {fields['source']}, "
                "or name another set"
            )
    elif fields := _read(model.frames, _EXPLORED):
        if fields["element"] not in settings.exploration:
            raise ValueError(f"{place}: add exploration.{fields['element']} or name another set")
    else:
        raise ValueError(
            f"{place} is no set of frames; use sampling/<key of `sampling`>, "
            "distillation/<element>/distilled, translation/<source>-<target>/frames or "
            "exploration/<element>/labelled" + did_you_mean(model.frames, _frame_files(settings))
        )
    symbol = element_of(model.frames)
    if model.test is not None:
        settings.own_set(f"models.{name}.test", model.test, symbol, whole=False)
    labels = settings.labels.get(symbol)
    if labels and name == labels.name:
        raise ValueError(f"models.{name}: this name is taken by the calculator of labels")
    if settings.is_relabelled(model.frames):
        if not labels:
            raise ValueError(f"models.{name}.frames: add labels.{symbol}, which relabels them")
        if names.DISTILLED_MODEL.read(name):
            raise ValueError(
                f"models.{name}: the model of this name is compared with the EAM; give the "
                f"one of {model.frames} another name"
            )
    settings.training_of(model)


def check_exploration(settings: "Settings", symbol: str, loop: Exploration) -> None:
    """See that a loop's first frames are labelled by the calculator that labels the others."""
    place = f"exploration.{symbol}"
    settings.need_one(place, symbol)
    settings.own_set(f"{place}.start", loop.start, symbol)
    if symbol not in settings.labels:
        raise ValueError(f"{place}: add labels.{symbol}, which labels what it chooses")
    if settings.origin_of(f"sampling/{loop.start}") == "EAM":
        raise ValueError(
            f"{place}.start: '{loop.start}' has labels of the EAM, and the loop's are by "
            f"{settings.labels[symbol].name}; name a set that labels.{symbol} labels, or label by "
            "potstill.potentials.eam_calculator.eam_table"
        )
    frames = settings.sampling[loop.start].frames
    if loop.count is not None and frames is not None and loop.count > frames:
        raise ValueError(
            f"{place}.count: {loop.count} frames of a set of {frames}; lower it, or raise "
            f"sampling.{loop.start}.frames"
        )


def _frame_files(settings: "Settings") -> list[str]:
    """Return the frame files that models are most often trained on."""
    return [
        *(f"sampling/{name}" for name in settings.sampling),
        *(names.DISTILLED.make(element=symbol) for symbol in settings.distillation),
        *(
            names.TRANSLATED.make(source=t.source, target=symbol)
            for symbol, t in settings.translation.items()
        ),
        *(names.EXPLORED.make(element=symbol) for symbol in settings.exploration),
    ]
