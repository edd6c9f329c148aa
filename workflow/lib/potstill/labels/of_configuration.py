"""Labels by the calculator that a configuration names: what the rules run."""

from pathlib import Path

from potstill.labels.chunks import join_chunks, relabel_chunk
from potstill.settings import Settings


def label_part(
    frames: Path, *, configuration: Settings, element: str, chunk: int, store: Path, output: Path
) -> None:
    """Label one part of an element's frames, see `relabel_chunk`."""
    labels = configuration.labels[element]
    relabel_chunk(frames, element=element, labels=labels, chunk=chunk, store=store, output=output)


def join_parts(
    frames: Path,
    chunks: list[Path],
    *,
    configuration: Settings,
    element: str,
    store: Path,
    output: Path,
    summary: Path,
) -> None:
    """Write an element's frames with the labels of all parts, see `join_chunks`."""
    labels = configuration.labels[element]
    join_chunks(
        frames,
        chunks,
        element=element,
        labels=labels,
        store=store,
        output=output,
        summary=summary,
    )
