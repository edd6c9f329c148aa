"""Pick one frame of each cluster of frames: stratified sampling in the space of descriptors.

After DIRECT (Qi et al., npj Comput. Mater. 10, 43 (2024)): principal components of the frames'
features by Kaiser's rule, as many clusters as frames are wanted, the frame nearest to each centre.
The clusters are those of k-means from centres that farthest-point sampling puts; DIRECT's BIRCH
also makes clusters of like width, not of like numbers.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies import Pick
from potstill.distillation.strategies.farthest_point import farthest_points
from potstill.sections import Distillation

NEEDS_SCORES = False
NEEDS_LABELS = False

Floats = NDArray[np.float64]

ROUNDS = 10


def principal_components(points: Floats) -> Floats:
    """Return points (B, D) along their principal components with eigenvalues above 1 (Kaiser).

    Features are scaled to deviation 1 first; at least one component is returned.
    """
    std = points.std(axis=0)
    scaled = (points - points.mean(axis=0)) / np.where(std > 1e-9, std, np.inf)
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(points))
    chosen = values > 1
    chosen[-1] = True
    return scaled @ vectors[:, chosen]


def pick(
    candidates: Candidates, count: int, settings: Distillation, generator: np.random.Generator
) -> Pick:
    """Return the frame nearest to the centre of each of `count` clusters.

    What is kept already plays no part. A cluster that k-means leaves empty gives no frame; for each
    the frame farthest from all picked is taken.
    """
    points = principal_components(candidates.features[0])
    none = np.empty((0, points.shape[1]))
    if count == 0:
        return Pick(np.empty(0, dtype=np.int64), [])
    start = points[farthest_points(points, none, count, generator)[0]]
    centres, label = kmeans2(points, start, iter=ROUNDS, minit="matrix", missing="warn")
    from_centre = np.sqrt(((points - centres[label]) ** 2).sum(axis=1))
    order = np.lexsort((from_centre, label))
    clusters, first = np.unique(label[order], return_index=True)
    rows = order[first]
    sizes = np.bincount(label, minlength=count)[clusters]
    reasons = [f"nearest to the centre of a cluster of {size} frames" for size in sizes]
    missing = count - len(rows)
    if missing:
        left = np.setdiff1d(np.arange(len(points)), rows)
        extra = farthest_points(points[left], points[rows], missing, generator)[0]
        rows = np.concatenate([rows, left[extra]])
        reasons += ["farthest from the frames of the clusters"] * missing
    return Pick(rows, reasons)
