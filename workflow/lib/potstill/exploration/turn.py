"""A turn of the loop: what a model leads to, and which of it is most worth a label."""

from pathlib import Path
from typing import NamedTuple, get_args

import ase
import numpy as np

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.data.structures import Structures, joined
from potstill.distillation.from_pool import pick_from_pool
from potstill.errors import PotstillError
from potstill.exploration.led_to import LedTo, led_to
from potstill.foundation.metal_crystal import MetalCrystal, crystal_of
from potstill.foundation.strained_crystals import strained_cell
from potstill.models.doubts import need_trust
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import load_ensemble
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.runtime.streams import stream
from potstill.settings import CrystalName, ElementGiven, Exploration

# A frame, and where it comes from, in words.
Candidate = tuple[ase.Atoms, str]


class Chosen(NamedTuple):
    """Frames that are to be labelled.

    sources: where each comes from, in words. The column `drawn` of the frames tells those that are
    drawn from runs, and so tell the model's errors where it is used; the others are there to be
    learned from.
    """

    frames: Frames
    sources: list[str]


def explore(
    model: Path,
    labelled: Path,
    *,
    symbol: str,
    settings: Exploration,
    given: ElementGiven,
    turn: int,
    seed: int,
    threads: int,
    frames: Path,
    summary: Path,
) -> None:
    """Write the frames that the model of a turn leads to and that are to be labelled.

    labelled: what the model was trained on; given: of the element. summary (JSON): of each run and
    relaxation how many frames it gave, and why it stopped early; and where each of the frames to
    label comes from.
    """
    limit_threads(threads)
    ensemble = load_ensemble(model)
    need_trust(ensemble, model)
    crystal = crystal_of(symbol, given)
    known = read_frames(labelled)
    found = list(led_to(ensemble, crystal, settings, seed, turn))
    chosen = choose(ensemble, crystal, known, found, settings, seed, turn, threads)
    write_frames(frames, chosen.frames)
    courses = [
        {"source": source, "frames": len(course.frames), "stopped": course.stopped}
        for source, course in found
    ]
    write_json(summary, {"courses": courses, "chosen": chosen.sources})
    say(f"turn {turn}: {len(chosen.frames)} frames to label, {ended(found)}")


def choose(
    ensemble: Ensemble,
    crystal: MetalCrystal,
    known: Structures,
    found: list[LedTo],
    settings: Exploration,
    seed: int,
    turn: int,
    threads: int = 1,
) -> Chosen:
    """Return `settings.added` frames: of those that were found, and `settings.strained`.

    One is drawn from each run that gave any. Of the others those at which a course ended in doubt
    come first, and the rest make up the number, both by `settings.strategy`. What could not even be
    predicted, as atoms on one spot, is no frame. known: what is labelled already.
    """
    taken, others = _drawn(found, settings, stream(seed, "exploration", "drawn", turn))
    drawn = len(taken)
    taken += _strained(crystal, settings.strained, turn, seed)
    doubted = [
        (course.doubted, f"{source}, doubted")
        for source, course in found
        if course.doubted is not None and not course.stopped.startswith("refused")
    ]
    for pool in (doubted, others):
        count = min(settings.added - len(taken), len(pool))
        if count:
            picked = pick_from_pool(
                Frames.of_atoms(_of(pool)),
                joined([known, Structures.of_atoms(_of(taken))]),
                count,
                strategy=settings.strategy,
                committee=ensemble,
                seed=seed,
                threads=threads,
            )
            taken += [pool[row] for row in picked.rows]
    if not taken:
        raise PotstillError(
            f"the model leads to nothing that could be labelled ({found[0].course.stopped}); begin "
            "with more frames, or with colder runs"
        )
    frames = Frames.of_atoms(_of(taken))
    frames.columns["drawn"] = np.arange(len(taken)) < drawn
    return Chosen(frames, [source for _, source in taken])


def _drawn(
    found: list[LedTo], settings: Exploration, random: np.random.Generator
) -> tuple[list[Candidate], list[Candidate]]:
    """Return one frame of each run that gave any, and all others, of relaxations as well."""
    drawn, others = [], []
    for number, (source, course) in enumerate(found):
        pool = [(atoms, source) for atoms in course.frames]
        if pool and number < len(settings.runs):
            drawn.append(pool.pop(random.integers(len(pool))))
        others += pool
    return drawn, others


def _strained(crystal: MetalCrystal, count: int, turn: int, seed: int) -> list[Candidate]:
    """Return strained crystals, their structures in turn from one turn of the loop to the next."""
    names = get_args(CrystalName)
    found = []
    for number in range(turn * count, (turn + 1) * count):
        name = names[number % len(names)]
        random = stream(seed, "exploration", "strained", number)
        found.append((strained_cell(crystal, name, random), f"strained {name}"))
    return found


def _of(pool: list[Candidate]) -> list[ase.Atoms]:
    return [atoms for atoms, _ in pool]


def ended(found: list[LedTo]) -> str:
    """Return in words how many runs and relaxations the model could not be believed in."""
    stopped = sum(bool(course.stopped) for _, course in found)
    return f"{stopped} of {len(found)} runs and relaxations ended in doubt"
