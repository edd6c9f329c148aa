"""Frames labelled anew by any ASE calculator, one by one, in chunks; finished labels are kept."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.errors import PotstillError, WriteError
from potstill.labels.label_one import FrameError, label_one
from potstill.labels.label_source import make_calculator, work_in
from potstill.labels.label_store import Floats, FrameLabels, LabelStore
from potstill.runtime.files import read_json, write_json, writing
from potstill.runtime.progress import Progress, say
from potstill.runtime.restart import one_process
from potstill.settings import Labels

# What a sampled set says of the potential that sampled it, not of the geometry.
_OF_SAMPLER = ("enthalpy", "bias")
# Frames that an error names.
_NAMED = 20


def relabel_chunk(
    frames: Path, *, element: str, labels: Labels, chunk: int, store: Path, output: Path
) -> None:
    """Label the frames of one of `labels.chunks` equal parts, and write which of them failed.

    element: the name that the configuration has `labels` under. Each frame's labels are kept in the
    folder `store` as soon as they are there; those that are there already are not calculated again.
    `output` (JSON) has the number of frames, and why by the index of each frame that has no labels,
    because the calculator failed or did not converge.

    Raises PotstillError when more frames failed than the `failed_share` of the whole set, or when
    the calculator gives no frame what is asked for. Labels found by then are kept.
    """
    whole = read_frames(frames)
    rows = np.array_split(np.arange(len(whole)), labels.chunks)[chunk]
    place = f"labels.{element}"
    calculator = make_calculator(place, labels.calculator, labels.arguments)
    folder = output.with_suffix(".work")
    work_in(calculator, folder)
    known = LabelStore(store, labels.essence)
    left = [int(row) for row in rows if known.load(whole, row) is None]
    if len(left) < len(rows):
        say(f"relabel: {len(rows) - len(left)} of {len(rows)} frames have their labels already")
    failed: dict[int, str] = {}
    progress = Progress("relabel", len(rows), "frames", start=len(rows) - len(left))
    with one_process(output), _ended_by_sigterm():
        for done, index in enumerate(left, len(rows) - len(left) + 1):
            found = _attempt(
                whole, index, calculator, f"{place}: frame {index} of {frames}", folder
            )
            if isinstance(found, str):
                failed[index] = found
                say(f"relabel: frame {index} is left out: {found}")
                _check_failed(failed, whole, place, labels, frames)
                continue
            known.save(whole, index, found)
            progress.update(done, f"{found.energy / whole.sizes[index]:.4f} eV/atom")
        write_json(output, {"frames": len(rows), "failed": failed})
    say(f"relabel: {len(rows) - len(failed)} frames of {whole.symbol} by {labels.calculator}")


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
    """Write the frames with the labels of all chunks, without those that failed.

    element: as for `relabel_chunk`. Atomic energies, which most calculators do not have, are equal
    shares of the energy. Where a frame has no stress, it is lacking. What the
    sampled frames tell of their own potential (enthalpy, bias) goes on under names that begin with
    `source_`. `summary` (JSON) has the numbers of frames, and why by the index of each frame that
    was left out; their number is the attribute `labels_failed` of the file, where there are any.

    Raises PotstillError when more failed than the `failed_share`, or a frame's labels are gone.
    """
    whole = read_frames(frames)
    failed = {int(k): why for path in chunks for k, why in read_json(path)["failed"].items()}
    _check_failed(failed, whole, f"labels.{element}", labels, frames)
    known = LabelStore(store, labels.essence)
    found: list[FrameLabels] = []
    kept = [index for index in range(len(whole)) if index not in failed]
    for index in kept:
        one = known.load(whole, index)
        if one is None:
            raise PotstillError(
                f"{store}: the labels of frame {index} of {frames} are gone; make them again with "
                "snakemake --forcerun relabel_chunk"
            )
        found.append(one)
    part = whole[kept]
    energy = np.array([one.energy for one in found])
    lacking = np.array([one.stress is None for one in found])
    essence = labels.essence
    made = {"calculator": essence["calculator"], "arguments": json.dumps(essence["arguments"])}
    attributes = part.attributes | {f"labels_{k}": v for k, v in made.items()}
    labelled = replace(
        part,
        energy=energy,
        atomic_energies=np.repeat(energy / part.sizes, part.sizes),
        forces=np.concatenate([one.forces for one in found]),
        stress=None if lacking.all() else np.array([_or_zero(one.stress) for one in found]),
        lacking={"stress": lacking} if lacking.any() and not lacking.all() else {},
        columns={_after(name): column for name, column in part.columns.items()},
        attributes=attributes | ({"labels_failed": len(failed)} if failed else {}),
    )
    write_frames(output, labelled)
    write_json(summary, {"frames": len(whole), "labelled": len(kept), "failed": failed})
    if failed:
        say(f"relabel: {len(failed)} of {len(whole)} frames left out, listed in {summary}")


def _attempt(
    frames: Frames, index: int, calculator: Any, place: str, folder: Path
) -> FrameLabels | str:
    """Return the labels of a frame, or why it has none; PotstillError where none would have."""
    atoms = frames.image(index)
    try:
        with writing(folder):  # a full disk is no fault of the frame
            return label_one(atoms, calculator)
    except WriteError:
        raise
    except FrameError as error:
        return str(error)
    except PotstillError as error:
        raise PotstillError(f"{place}: {error}") from None
    except Exception as error:
        # a calculator's own errors are many, and some take several lines
        return " ".join(str(error).split()) or type(error).__name__


def _or_zero(stress: Floats | None) -> Floats:
    return np.zeros((3, 3)) if stress is None else stress


def _check_failed(
    failed: dict[int, str], frames: Frames, place: str, labels: Labels, file: Path
) -> None:
    """Raise PotstillError when more frames failed than may be left out of the whole set."""
    allowed = int(labels.failed_share * len(frames))
    if len(failed) <= allowed:
        return
    first = min(failed)
    named = ", ".join(map(str, sorted(failed)[:_NAMED])) + (", ..." if len(failed) > _NAMED else "")
    several = "s" if len(failed) > 1 else ""
    raise PotstillError(
        f"{place}: frame{several} {named} of {file} failed (frame {first}: "
        f"{failed[first]}); at most {allowed} of {len(frames)} may. See why, or raise "
        f"{place}.failed_share"
    )


def _after(name: str) -> str:
    """Return the name of a column after other labels have come."""
    return f"source_{name}" if name in _OF_SAMPLER else name


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """End the block on SIGTERM as by an error, so that a program that it runs ends with it."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
