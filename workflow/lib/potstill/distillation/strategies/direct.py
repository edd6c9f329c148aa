"""Pick one frame of each cluster of frames: stratified sampling in the space of descriptors.

After DIRECT (Qi et al., npj Comput. Mater. 10, 43 (2024)): principal components of the frames'
features by Kaiser's rule, as many clusters as frames are wanted, the frame nearest to each centre.
The clusters are those of k-means from centres that farthest-point sampling puts; DIRECT's BIRCH
also makes clusters of like width, not of like numbers.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick
from potstill.distillation.strategies.farthest_point import farthest_points
from potstill.settings import Distillation

NEEDS_SCORES = False
NEEDS_LABELS = False

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

ROUNDS = 10
# Of a feature of frames, in standard deviations of the atoms' feature: less is rounding.
# Frames of a walk vary by 0.1 and more.
SMALLEST_SPREAD = 1e-3


def principal_components(points: Floats) -> Floats:
    """Return points (B, D) along their principal components with eigenvalues above 1 (Kaiser).

    Features are scaled to deviation 1 first, those that vary by less than `SMALLEST_SPREAD` not
    that far; at least one component is returned.
    """
    std = np.maximum(points.std(axis=0), SMALLEST_SPREAD)
    scaled = (points - points.mean(axis=0)) / std
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(points))
    chosen = values > 1
    chosen[-1] = True
    return scaled @ vectors[:, chosen]


def clusters(points: Floats, count: int, generator: np.random.Generator) -> tuple[Floats, Labels]:
    """Return for each point (B, D) how far it is from its cluster's centre, and the cluster."""
    start = points[farthest_points(points, points[:0], count, generator)[0]]
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "One of the clusters is empty"
        )  # `first_of_each` fills up
        centres, label = kmeans2(points, start, iter=ROUNDS, minit="matrix", missing="warn")
    return np.sqrt(((points - centres[label]) ** 2).sum(axis=1)), label


def first_of_each(
    points: Floats, value: Floats, label: Labels, count: int, generator: np.random.Generator
) -> tuple[Labels, int]:
    """Return `count` rows, at first the one of least value in each cluster, and how many those are.

    A cluster that k-means leaves empty gives no row; for each the point farthest from all before is
    taken.
    """
    order = np.lexsort((value, label))
    rows = order[np.unique(label[order], return_index=True)[1]]
    left = np.setdiff1d(np.arange(len(points)), rows)
    extra = farthest_points(points[left], points[rows], count - len(rows), generator)[0]
    return np.concatenate([rows, left[extra]]), len(rows)


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return the frame nearest to the centre of each of `count` clusters.

    What is kept already plays no part.
    """
    if count == 0:
        return Pick(np.empty(0, dtype=np.int64), [])
    points = principal_components(candidates.features[0])
    from_centre, label = clusters(points, count, generator)
    rows, found = first_of_each(points, from_centre, label, count, generator)
    sizes = np.bincount(label)[label[rows[:found]]]
    reasons = [f"nearest to the centre of a cluster of {size} frames" for size in sizes]
    return Pick(rows, reasons + ["farthest from the frames of the clusters"] * (count - found))
