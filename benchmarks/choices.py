"""Rules that choose frames to train on, for benchmarks: those of `potstill select`, and others."""

import numpy as np
from foundation import knowing

from potstill.data.frames import Frames
from potstill.data.structures import Indices
from potstill.distillation.from_pool import pick_from_pool
from potstill.runtime.streams import stream
from potstill.settings import Training

RULES = ("random", "d_optimal", "direct", "doubt")


def chosen(pool: Frames, rule: str, count: int, seed: int, training: Training) -> Indices:
    """Return which frames of the pool a rule chooses, in the pool's order.

    `doubt` draws half of them at random and trains a model on these. The others are those where
    sigma of the energy times the leverage of the last layer is largest, which ranks errors of
    energies best (docs/notes/trust.md).
    """
    if rule in ("random", "doubt"):
        drawn = stream(seed, "benchmark", "count").permutation(len(pool))
        if rule == "random":
            return np.sort(drawn[:count])
        first, rest = drawn[: count // 2], drawn[count // 2 :]
        model = knowing(pool[np.sort(first)], training, seed)
        said = model.predict(pool[rest], forces=True, spread=True)
        doubt = said.energy_std / pool.sizes[rest] * said.leverage
        most = rest[np.argsort(-doubt, kind="stable")[: count - len(first)]]
        return np.sort(np.concatenate([first, most]))
    return pick_from_pool(pool, pool[:0], count, strategy=rule, committee=None, seed=seed).rows
