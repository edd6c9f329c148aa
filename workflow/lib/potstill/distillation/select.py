"""The data set D_k of each iteration: block 0, then what the strategy adds from each next block."""

from pathlib import Path

import numpy as np

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.data.structures import Indices, Structures, told_atoms
from potstill.distillation.blocks import block_range
from potstill.distillation.candidates import Candidates
from potstill.distillation.scores import BlockScores, read_scores
from potstill.distillation.strategies import Pick, find
from potstill.errors import PotstillError
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.runtime.streams import stream
from potstill.runtime.unreadable import AGAIN
from potstill.settings import Descriptor, Distillation

ADDED_COLUMNS = ("source_index", "iteration")


def select_block(
    frames: Path,
    *,
    previous: Path | None = None,
    scores: Path | None = None,
    iteration: int,
    settings: Distillation,
    descriptor: Descriptor,
    seed: int,
    selection: Path,
    summary: Path,
) -> None:
    """Write the data set of one iteration and the summary of what was added and why.

    Iteration 0 is block 0, whole. Iteration k >= 1 is `previous` (the selection of iteration
    k - 1) followed by the frames that `settings.strategy` picks from block k, by the `scores` of
    iteration k - 1's model (needed where it asks a model), by the frames' `descriptor` or by
    chance. The selection is a frame file in the order of time, with two more columns:
    `source_index`, the frame's index in `frames`, and `iteration`, in which it was added.

    The summary holds iteration, block_frames, added, dropped (of the block), frames, atoms (see
    `told_atoms`), labelled (frames whose labels were needed so far: those of the data set, or all
    seen where the strategy looks at the labels of what it drops), seen (frames looked at so far),
    strategy, why, reasons (source index -> reason), and converged: less than
    `settings.converged_share` of the block was added.
    """
    source = read_frames(frames)
    strategy = find(settings.strategy)
    block = block_range(len(source), settings.blocks, iteration)
    if iteration == 0:
        kept = kept_iteration = np.empty(0, dtype=np.int64)
        rows = np.arange(len(block))
        picked = Pick(rows, ["first block"] * len(rows))
        why = "the first block is taken whole"
    else:
        kept, kept_iteration = _kept(source, previous, frames, iteration, block)
        found = _block_scores(source, scores, iteration, block) if strategy.needs_scores else None
        candidates = Candidates.of(
            source[block.start : block.stop],
            source[kept],
            descriptor=descriptor,
            scores=found,
            labels=strategy.needs_labels,
        )
        count = round(settings.share * len(block))
        picked = pick_frames(candidates, count, settings, seed, iteration)
        why = _why(settings, len(picked.rows), len(block))
    new = block.start + picked.rows
    index = np.concatenate([kept, new])
    columns = {
        "source_index": index,
        "iteration": np.concatenate([kept_iteration, np.full(len(new), iteration)]),
    }
    chosen = source[index]
    chosen.columns.update(columns)
    write_frames(selection, chosen)
    write_json(
        summary,
        {
            "iteration": iteration,
            "block_frames": len(block),
            "added": len(new),
            "dropped": len(block) - len(new),
            "frames": len(index),
            **told_atoms(chosen),
            "labelled": block.stop if iteration and strategy.needs_labels else len(index),
            "seen": block.stop,
            "strategy": settings.strategy,
            "why": why,
            "converged": iteration > 0 and len(new) < settings.converged_share * len(block),
            "reasons": {str(i): r for i, r in zip(new, picked.reasons, strict=True)}
            if iteration
            else {},
        },
    )
    say(
        f"iteration {iteration}: {len(new)} of {len(block)} frames added ({why}); "
        f"the data set holds {len(index)} of {block.stop} frames seen"
    )


def pick_frames(
    candidates: Candidates, count: int, settings: Distillation, seed: int, *names: str | int
) -> Pick:
    """Return what `settings.strategy` picks, in the order of rows, from the stream of these names.

    Raises PotstillError for a strategy that picks a frame twice.
    """
    generator = stream(seed, "distillation", candidates.symbol, settings.strategy, *names)
    picked = find(settings.strategy).pick(candidates, count, settings, generator)
    if len(np.unique(picked.rows)) != len(picked.rows):
        raise PotstillError(
            f"distillation.{candidates.symbol}.strategy: '{settings.strategy}' picked a frame "
            "twice; a strategy must return each row at most once"
        )
    order = np.argsort(picked.rows)
    return Pick(picked.rows[order], [picked.reasons[i] for i in order])


def _kept(
    source: Frames, previous: Path | None, frames: Path, iteration: int, block: range
) -> tuple[Indices, Indices]:
    """Return indices and iterations of the previous selection, checked against the source."""
    if previous is None:
        raise PotstillError(
            f"iteration {iteration} needs the selection of iteration {iteration - 1} (`previous`)"
        )
    before = read_frames(previous)
    missing = [name for name in ADDED_COLUMNS if name not in before.columns]
    if missing:
        raise PotstillError(f"{previous}: lacks {', '.join(missing)}; it is no selection, rerun it")
    index = before.columns["source_index"].astype(np.int64)
    if (
        len(index) == 0
        or index.max() >= block.start
        or not _same_geometry(before, source.structures(index))
    ):
        raise PotstillError(
            f"{previous}: was not selected from the frames before block {iteration} of {frames}; "
            f"{AGAIN}"
        )
    return index, before.columns["iteration"].astype(np.int64)


def _same_geometry(one: Structures, other: Structures) -> bool:
    """Return whether structures have the same atoms at the same places, to the bit."""
    names = ("start", "species", "positions")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def _block_scores(source: Frames, path: Path | None, iteration: int, block: range) -> BlockScores:
    """Return the scores of a block, checked against the source."""
    start = source.start[block.start : block.stop + 1]
    if path is None:
        raise PotstillError(f"iteration {iteration} needs the scores of its block (`scores`)")
    scores = read_scores(path)
    if (
        scores.symbol != source.symbol
        or not np.array_equal(scores.start, start - start[0])
        or not np.array_equal(scores.frame_index, np.arange(block.start, block.stop))
    ):
        raise PotstillError(
            f"{path}: holds no scores of block {iteration} of these {source.symbol} frames; {AGAIN}"
        )
    return scores


def _why(settings: Distillation, added: int, block: int) -> str:
    text = f"{settings.strategy} picked {added} of {block} frames ({100 * added / block:.1f}%)"
    if added < settings.converged_share * block:
        text += f", less than the {100 * settings.converged_share:g}% that end the loop"
    return text
