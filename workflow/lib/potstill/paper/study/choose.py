"""The study of strategies: what they choose from one whole set, at equal numbers of labels.

A set is parted once into test frames and a pool; every strategy chooses from the pool as many
frames. A strategy that asks a model has a part of its frames drawn at random first, which train
that model and count as chosen.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.distillation.candidates import Candidates
from potstill.distillation.scores import BlockScores, read_scores
from potstill.distillation.select import pick_frames
from potstill.distillation.strategies import find
from potstill.errors import PotstillError
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.runtime.streams import stream
from potstill.runtime.unreadable import AGAIN
from potstill.settings import Descriptor, Distillation

Indices = NDArray[np.int64]


def part(frames: int, test_frames: int, seed: int) -> tuple[Indices, Indices]:
    """Return the indices of the test frames, drawn at random, and of the others, both ordered.

    A set with no more than `test_frames` frames is all test.
    """
    order = stream(seed, "study", "test", frames).permutation(frames)
    return np.sort(order[:test_frames]), np.sort(order[test_frames:])


def write_part(frames: Path, *, test: bool, test_frames: int, seed: int, output: Path) -> None:
    """Write the test frames of a set, or its pool, with the column `source_index`."""
    source = read_frames(frames)
    rows = part(len(source), test_frames, seed)[0 if test else 1]
    chosen = source[rows]
    chosen.columns["source_index"] = rows
    write_frames(output, chosen)


def draw_start(pool: Path, *, count: int, replica: int, seed: int, output: Path) -> None:
    """Write `count` random frames of the pool, in its order, with the column `pool_index`."""
    frames = read_frames(pool)
    _write(frames, stream(seed, "study", "start", replica).permutation(len(frames))[:count], output)


def select_study(
    pool: Path,
    *,
    start: Path | None = None,
    scores: Path | None = None,
    strategy: str,
    count: int,
    replica: int,
    descriptor: Descriptor,
    seed: int,
    selection: Path,
    summary: Path,
) -> None:
    """Write the `count` frames that a strategy chooses from a pool, and what they cost.

    start: frames of the pool that belong to the choice already (`draw_start`); scores: of all
    frames of the pool, by the model of `start`. The selection is a frame file in the order of the
    pool with the column `pool_index`. The summary (JSON) holds strategy, frames, start, labelled
    (the frames, or the whole pool where the strategy looks at labels), and reasons by pool index.
    """
    frames = read_frames(pool)
    kept = read_frames(start).columns["pool_index"] if start else np.empty(0, dtype=np.int64)
    rest = np.setdiff1d(np.arange(len(frames)), kept)
    if count > len(frames) or count < len(kept):
        raise PotstillError(
            f"study: {count} frames cannot be chosen from {len(frames)} of which {len(kept)} are "
            "the start; change shares, start or test_frames"
        )
    chosen = find(strategy)
    candidates = Candidates.of(
        frames[rest],
        frames[kept],
        descriptor=descriptor,
        scores=_scores_of(scores, frames, rest),
        labels=chosen.needs_labels,
    )
    # no thresholds: the strategies rank, and the number of frames is given
    settings = Distillation.model_validate({"source": "", "strategy": strategy, "threshold": None})
    picked = pick_frames(candidates, count - len(kept), settings, seed, "study", replica)
    rows = np.concatenate([kept, rest[picked.rows]])
    reasons = ["drawn at random to train the first model"] * len(kept) + picked.reasons
    _write(frames, rows, selection)
    write_json(
        summary,
        {
            "strategy": strategy,
            "frames": count,
            "start": len(kept),
            "labelled": len(frames) if chosen.needs_labels else count,
            "reasons": {str(r): why for r, why in zip(rows, reasons, strict=True)},
        },
    )
    say(f"{strategy}: {count} of {len(frames)} frames")


def _write(frames: Frames, rows: Indices, output: Path) -> None:
    """Write frames of the pool in its order, with their indices in it."""
    rows = np.sort(rows)
    chosen = frames[rows]
    chosen.columns["pool_index"] = rows
    write_frames(output, chosen)


def _scores_of(path: Path | None, frames: Frames, rows: Indices) -> BlockScores | None:
    """Return the scores of some frames of the pool."""
    if path is None:
        return None
    scores = read_scores(path)
    if not np.array_equal(scores.start, frames.start) or scores.symbol != frames.symbol:
        raise PotstillError(f"{path}: holds no scores of this pool; {AGAIN}")
    atomic, force = scores.atomic_std, scores.force_std
    atoms = frames.rows(rows)
    return BlockScores(
        scores.symbol,
        frames.structures(rows).start,
        None if atomic is None else atomic[atoms],
        scores.energy_std[rows],
        scores.frame_index[rows],
        None if force is None else force[atoms],
    )
