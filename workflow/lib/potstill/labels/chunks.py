"""A set of frames labelled in chunks, a job each, and joined: what the rules make of files."""

from pathlib import Path

import numpy as np

from potstill.data.frames import read_frames, write_frames
from potstill.labels.relabel import Request, label_rows, with_labels
from potstill.runtime.files import read_json, write_json
from potstill.runtime.progress import say
from potstill.runtime.restart import one_process
from potstill.settings import Labels


def relabel_chunk(
    frames: Path, *, element: str, labels: Labels, chunk: int, store: Path, output: Path
) -> None:
    """Label the frames of one of `labels.chunks` equal parts, and write which of them failed.

    element: the name that the configuration has `labels` under. `output` (JSON) has the number of
    frames, and why by the index of each frame that has no labels, because the calculator failed or
    did not converge. Raises PotstillError as of `label_rows`.
    """
    request = _request(frames, element, labels, store)
    rows = np.array_split(np.arange(len(request.frames)), labels.chunks)[chunk]
    with one_process(output):
        failed = label_rows(request, rows, output.with_suffix(".work"))
        write_json(output, {"frames": len(rows), "failed": failed})


def join_chunks(
    frames: Path,
    chunks: list[Path],
    *,
    element: str,
    labels: Labels,
    store: Path,
    output: Path,
    summary: Path,
) -> None:
    """Write the frames with the labels of all chunks, see `with_labels`.

    element: as for `relabel_chunk`. `summary` (JSON) has the numbers of frames, and why by the
    index of each frame that was left out; their number is the attribute `labels_failed` of the
    file, where there are any. Raises PotstillError as of `with_labels`.
    """
    failed = {int(k): why for path in chunks for k, why in read_json(path)["failed"].items()}
    request = _request(frames, element, labels, store)
    labelled = with_labels(request, failed)
    write_frames(output, labelled)
    counts = {"frames": len(request.frames), "labelled": len(labelled)}
    write_json(summary, counts | {"failed": failed})
    if failed:
        say(f"label: {len(failed)} of {counts['frames']} frames left out, listed in {summary}")


def _request(frames: Path, element: str, labels: Labels, store: Path) -> Request:
    return Request(read_frames(frames), frames, labels, store, f"labels.{element}")
