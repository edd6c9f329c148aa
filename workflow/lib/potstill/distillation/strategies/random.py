"""Pick frames at random: what any other strategy has to beat."""

import numpy as np

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick
from potstill.settings import Distillation

NEEDS_SCORES = False
NEEDS_LABELS = False


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return `count` different frames, each as likely as any other."""
    rows = np.sort(generator.choice(len(candidates), size=count, replace=False))
    return Pick(rows, ["drawn at random"] * len(rows))
