"""Pick a fixed share of the block at random: what any other strategy has to beat."""

import numpy as np

from potstill.distillation.scores import BlockScores
from potstill.distillation.strategies import Pick
from potstill.sections import Distillation


def pick(scores: BlockScores, settings: Distillation, generator: np.random.Generator) -> Pick:
    """Return round(settings.share B) different frames, each as likely as any other."""
    frames = len(scores.frame_index)
    rows = np.sort(generator.choice(frames, size=round(settings.share * frames), replace=False))
    return Pick(rows, ["drawn at random"] * len(rows))
