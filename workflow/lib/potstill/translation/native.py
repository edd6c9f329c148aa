"""As much of a target's own frames as were translated to it, chosen without a model."""

from pathlib import Path
from typing import Literal

from potstill.distillation.study import select_study
from potstill.frames import Frames, read_frames
from potstill.sections import Descriptor


def equal_count(translated: Frames, pool: Frames, of: Literal["frames", "atoms"]) -> int:
    """Return how many frames of the pool are as many as the translated: frames, or atoms in all.

    A frame of the pool may have more atoms than a translated one. All of the pool, where it is
    less.
    """
    frames = len(translated)
    if of == "atoms":
        frames = max(1, round(frames * translated.atoms / pool.atoms))
    return min(frames, len(pool))


def select_native(
    translated: Path,
    pool: Path,
    *,
    of: Literal["frames", "atoms"],
    strategy: str,
    descriptor: Descriptor,
    seed: int,
    selection: Path,
    summary: Path,
) -> None:
    """Write as many native frames as were translated, chosen from `pool` by a strategy.

    translated: the translated frames or those that they come from, as only their number counts.
    The files are those of `select_study`.
    """
    select_study(
        pool,
        start=None,
        scores=None,
        strategy=strategy,
        count=equal_count(read_frames(translated), read_frames(pool), of),
        replica=0,
        descriptor=descriptor,
        seed=seed,
        selection=selection,
        summary=summary,
    )
