"""Labels by the calculator that a configuration names: what the rules run."""

from pathlib import Path

from potstill.labels.chunks import join_chunks, relabel_chunk
from potstill.runtime.files import read_json, write_json
from potstill.settings import Settings


def label_part(
    frames: Path,
    *,
    configuration: Settings,
    element: str,
    place: str,
    chunk: int,
    store: Path,
    output: Path,
) -> None:
    """Label one part of an element's frames, see `relabel_chunk`; place: their folder."""
    labels = configuration.labels[element].at(place)
    relabel_chunk(frames, element=element, labels=labels, chunk=chunk, store=store, output=output)


def join_parts(
    frames: Path,
    chunks: list[Path],
    *,
    configuration: Settings,
    element: str,
    place: str,
    store: Path,
    output: Path,
    summary: Path,
) -> None:
    """Write the frames of a folder with the labels of all parts, see `join_chunks`."""
    labels = configuration.labels[element].at(place)
    join_chunks(
        frames,
        chunks,
        element=element,
        labels=labels,
        store=store,
        output=output,
        summary=summary,
    )


def join_set(
    frames: Path,
    chunks: list[Path],
    *,
    configuration: Settings,
    element: str,
    place: str,
    store: Path,
    output: Path,
    summary: Path,
) -> None:
    """Write a set of `sampling` with the labels of all parts, see `join_parts`.

    place: `sampling/` and the set's name. `summary` has its method and settings as well.
    """
    join_parts(
        frames,
        chunks,
        configuration=configuration,
        element=element,
        place=place,
        store=store,
        output=output,
        summary=summary,
    )
    settings = configuration.sampling[place.removeprefix("sampling/")]
    told = {"method": settings.method, "settings": settings.model_dump(mode="json")}
    write_json(summary, told | read_json(summary))
