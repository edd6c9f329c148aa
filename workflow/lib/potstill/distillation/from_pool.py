"""The frames of a pool that are most worth a label, beside those that are labelled already."""

import numpy as np

from potstill.data.frames import Frames
from potstill.data.structures import Structures, atomic_number
from potstill.distillation.candidates import Candidates
from potstill.distillation.score import score
from potstill.distillation.select import pick_frames
from potstill.distillation.strategies import Pick, find
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.runtime.device import limit_threads
from potstill.settings import Descriptor, Distillation, StrategyName


def pick_from_pool(
    pool: Frames,
    base: Structures,
    count: int,
    *,
    strategy: StrategyName,
    committee: Ensemble | None,
    seed: int,
    threads: int = 1,
) -> Pick:
    """Return `count` frames of the pool, in its order, and why each was picked.

    base: what is labelled already; none is fine. committee: what strategies ask that need scores;
    its descriptor is used, if there is one, else the default whose lengths follow the elements.
    Raises PotstillError for a strategy that lacks its committee, and for a committee that lacks an
    element of the pool.
    """
    limit_threads(threads)
    scores = None
    asked = find(strategy)
    if asked.needs_scores:
        if committee is None:
            raise PotstillError(
                f"the strategy {strategy} asks a model; name one with --model, or choose another "
                "--strategy"
            )
        index = np.arange(len(pool))
        scores = score(
            committee,
            pool,
            symbol=pool.symbol,
            index=index,
            forces=asked.needs_forces,
            threads=threads,
        )
    elements = sorted({*pool.elements, *base.elements}, key=atomic_number)
    candidates = Candidates.of(
        pool,
        base,
        descriptor=committee.settings.descriptor
        if committee
        else Descriptor().of_elements(elements),
        scores=scores,
        labels=asked.needs_labels,
    )
    # a threshold of the strategy's own would give another number of frames
    settings = Distillation(source="pool", strategy=strategy, threshold=None)
    return pick_frames(candidates, count, settings, seed, "pool")
