"""Pick the least certain frame of each cluster of frames: uncertain and different at once.

Diverse batches of uncertain points: Zhdanov, arXiv:1901.05954 (2019), who weights k-means by the
uncertainty; here the clusters are those of `direct`, and the uncertainty chooses within each.
"""

import numpy as np

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick
from potstill.distillation.strategies.direct import clusters, first_of_each, principal_components
from potstill.settings import Distillation

NEEDS_SCORES = True
NEEDS_LABELS = False


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return the frame with the largest sigma of its energy in each of `count` clusters."""
    sigma = 1e3 * candidates.energy_std / np.sqrt(candidates.own.sizes)
    if count == 0:
        return Pick(np.empty(0, dtype=np.int64), [])
    points = principal_components(candidates.features[0])
    _, label = clusters(points, count, generator)
    rows, found = first_of_each(points, -sigma, label, count, generator)
    reasons = [f"sigma/sqrt(N) = {sigma[row]:.2f} meV, most of its cluster" for row in rows[:found]]
    return Pick(rows, reasons + ["farthest from the frames of the clusters"] * (count - found))
