"""Frames labelled anew by any ASE calculator, one by one; finished labels are kept."""

import json
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from potstill.data.frames import Frames
from potstill.errors import PotstillError, WriteError, setting_name
from potstill.labels.label_one import FrameError, label_one
from potstill.labels.label_source import make_calculator, work_in
from potstill.labels.label_store import Floats, FrameLabels, LabelStore
from potstill.runtime.files import writing
from potstill.runtime.progress import Progress, say
from potstill.settings import Labels

# What a sampled set says of the potential that sampled it, not of the geometry.
_OF_SAMPLER = ("enthalpy", "bias")
# Frames that an error names.
_NAMED = 20


@dataclass(frozen=True)
class Request:
    """Frames of a file that get labels by a calculator.

    file: what errors call the frames' file; store: the folder of finished labels; place: the
    section of the configuration that asks for it, None for the command line.
    """

    frames: Frames
    file: Path
    labels: Labels
    store: Path
    place: str | None = None

    @property
    def known(self) -> LabelStore:
        """The finished labels."""
        return LabelStore(self.store, self.labels.essence)

    @property
    def asked(self) -> str:
        """How errors begin: by who asks."""
        return f"{self.place}: " if self.place else ""

    def check_failed(self, failed: dict[int, str]) -> None:
        """Raise PotstillError when more frames failed than may be left out of the whole set."""
        allowed = int(self.labels.failed_share * len(self.frames))
        if len(failed) <= allowed:
            return
        first = min(failed)
        named = ", ".join(map(str, sorted(failed)[:_NAMED]))
        named += ", ..." if len(failed) > _NAMED else ""
        several = "s" if len(failed) > 1 else ""
        raise PotstillError(
            f"{self.asked}frame{several} {named} of {self.file} failed (frame {first}: "
            f"{failed[first]}); at most {allowed} of {len(self.frames)} may. See why, or raise "
            f"{setting_name(self.place, 'failed_share')}"
        )


def label_rows(request: Request, rows: Iterable[int], folder: Path) -> dict[int, str]:
    """Label some of the frames; return why, by the index, each that failed has no labels.

    Each frame's labels are kept as soon as they are there; those that are there already are not
    calculated again. folder: where a calculator that runs a program does so. Raises PotstillError
    when more frames failed than the `failed_share` of the whole set, or when the calculator gives
    no frame what is asked for. Labels found by then are kept.
    """
    frames, labels, known = request.frames, request.labels, request.known
    calculator = make_calculator(request.place, labels.calculator, labels.arguments)
    work_in(calculator, folder)
    rows = [int(row) for row in rows]
    left = [row for row in rows if known.load(frames, row) is None]
    if len(left) < len(rows):
        say(f"label: {len(rows) - len(left)} of {len(rows)} frames have their labels already")
    failed: dict[int, str] = {}
    progress = Progress("label", len(rows), "frames", start=len(rows) - len(left))
    with _ended_by_sigterm():
        for done, index in enumerate(left, len(rows) - len(left) + 1):
            found = _attempt(request, index, calculator, folder)
            if isinstance(found, str):
                failed[index] = found
                say(f"label: frame {index} is left out: {found}")
                request.check_failed(failed)
                continue
            known.save(frames, index, found)
            progress.update(done, f"{found.energy / frames.sizes[index]:.4f} eV/atom")
    say(f"label: {len(rows) - len(failed)} frames of {frames.symbol} by {labels.calculator}")
    return failed


def with_labels(request: Request, failed: dict[int, str]) -> Frames:
    """Return the frames with their labels, without those that failed.

    Atomic energies, which most calculators do not have, are equal shares of the energy. Where a
    frame has no stress, it is lacking. What the sampled frames tell of their own potential
    (enthalpy, bias) goes on under names that begin with `source_`. Raises PotstillError when more
    failed than the `failed_share`, or a frame's labels are gone.
    """
    whole, known = request.frames, request.known
    request.check_failed(failed)
    found: list[FrameLabels] = []
    kept = [index for index in range(len(whole)) if index not in failed]
    for index in kept:
        one = known.load(whole, index)
        if one is None:
            again = "snakemake --forcerun relabel_chunk" if request.place else "the same command"
            raise PotstillError(
                f"{request.store}: the labels of frame {index} of {request.file} are gone; make "
                f"them again with {again}"
            )
        found.append(one)
    part = whole[kept]
    energy = np.array([one.energy for one in found])
    lacking = np.array([one.stress is None for one in found])
    essence = request.labels.essence
    made = {"calculator": essence["calculator"], "arguments": json.dumps(essence["arguments"])}
    attributes = part.attributes | {f"labels_{k}": v for k, v in made.items()}
    return replace(
        part,
        energy=energy,
        atomic_energies=np.repeat(energy / part.sizes, part.sizes),
        forces=np.concatenate([one.forces for one in found]),
        stress=None if lacking.all() else np.array([_or_zero(one.stress) for one in found]),
        lacking={"stress": lacking} if lacking.any() and not lacking.all() else {},
        columns={_after(name): column for name, column in part.columns.items()},
        attributes=attributes | ({"labels_failed": len(failed)} if failed else {}),
    )


def _attempt(request: Request, index: int, calculator: Any, folder: Path) -> FrameLabels | str:
    """Return the labels of a frame, or why it has none; PotstillError where none would have."""
    atoms = request.frames.image(index)
    try:
        with writing(folder):  # a full disk is no fault of the frame
            return label_one(atoms, calculator, stress=request.labels.stress)
    except WriteError:
        raise
    except FrameError as error:
        return str(error)
    except PotstillError as error:
        raise PotstillError(f"{request.asked}frame {index} of {request.file}: {error}") from None
    except Exception as error:
        # a calculator's own errors are many, and some take several lines
        return " ".join(str(error).split()) or type(error).__name__


def _or_zero(stress: Floats | None) -> Floats:
    return np.zeros((3, 3)) if stress is None else stress


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
