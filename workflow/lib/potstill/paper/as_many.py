"""As many frames of a set as another holds, chosen without a model."""

from pathlib import Path
from typing import Literal

from potstill.data.frames import Frames, read_frames
from potstill.paper.study.choose import select_study
from potstill.settings import Descriptor


def equal_count(other: Frames, pool: Frames, of: Literal["frames", "atoms"]) -> int:
    """Return how many frames of the pool are as many as those of another set: frames, or atoms.

    A frame of the pool may have more atoms than one of the other set. All of the pool, where it is
    less.
    """
    frames = len(other)
    if of == "atoms":
        frames = max(1, round(frames * other.atoms / pool.atoms))
    return min(frames, len(pool))


def select_as_many(
    other: Path,
    pool: Path,
    *,
    of: Literal["frames", "atoms"],
    strategy: str,
    descriptor: Descriptor,
    seed: int,
    selection: Path,
    summary: Path,
) -> None:
    """Write as many frames as another set holds, chosen from `pool` by a strategy.

    other: only its numbers of frames and atoms count. The files are those of `select_study`.
    """
    select_study(
        pool,
        start=None,
        scores=None,
        strategy=strategy,
        count=equal_count(read_frames(other), read_frames(pool), of),
        replica=0,
        descriptor=descriptor,
        seed=seed,
        selection=selection,
        summary=summary,
    )
