"""Labels by the calculators of a configuration as the rules ask for them."""

from typing import Any

from potstill.plan.sets import entry
from potstill.settings import Labels, Settings
from potstill.settings.names import element_of


class Labelling:
    """The section `labels` of a configuration.

    A place is a folder whose frames are labelled, as `translation/Ni-Al`, or what is to be the file
    of a set, as `sampling/Al/32/foundational`.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def source(self, element: str, model: str) -> dict[str, Any] | None:
        """Return what labels depend on if `model` is the calculator of an element, else None."""
        labels = self.settings.labels.get(element)
        return labels.essence if labels and labels.name == model else None

    def unlabelled(self, place: str) -> str:
        """Return the frames that a folder's relabelled ones are made of."""
        name = "distilled" if place.startswith("distillation/") else "frames"
        return f"<results>/{place}/{name}.h5"

    def section(self, place: str) -> tuple[str, Labels]:
        """Return the element of the frames in a folder, and the section `labels` for it."""
        element = element_of(f"{place}/relabelled")
        labels: Labels = entry(self.settings, "labels", element)
        return element, labels.at(place)

    def chunks(self, place: str) -> list[str]:
        """Return the files of the parts in which a folder's frames are labelled."""
        parts = range(self.section(place)[1].chunks)
        return [f"<results>/{place}/relabelled/{part}.json" for part in parts]

    def params(self, place: str) -> dict[str, Any]:
        """Return what makes the labels of a folder's frames again when it changes."""
        labels = self.section(place)[1]
        return labels.essence | {"chunks": labels.chunks, "failed_share": labels.failed_share}
