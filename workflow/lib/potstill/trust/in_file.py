"""What a model knows, as plain Python and tensors of its file."""

from typing import Any

import numpy as np
import torch

from potstill.trust.calibration import Calibration
from potstill.trust.last_layer import LastLayer
from potstill.trust.limits import Limits, Trust
from potstill.trust.surroundings import Surroundings


def stored(trust: Trust) -> dict[str, Any]:
    """Return what a model file holds of it."""
    return {
        "points": [torch.from_numpy(points) for points in trust.surroundings.points],
        "frames": [torch.from_numpy(frames) for frames in trust.surroundings.frames],
        "last_layer": torch.from_numpy(trust.last_layer.root),
        "limits": trust.limits._asdict(),
        "energy": trust.energy._asdict(),
        "force": trust.force._asdict(),
    }


def restored(
    content: dict[str, Any], *, elements: int, features: int, members: int, width: int
) -> Trust:
    """Return it from a file's content, of a model of so many elements, features and members.

    width: of what the last layers are given. ValueError for that of another model; KeyError,
    TypeError or AttributeError for what is something else.
    """
    points, frames = (
        tuple(values.numpy() for values in content[name]) for name in ("points", "frames")
    )
    if len(points) != elements or any(part.shape[1:] != (features,) for part in points):
        raise ValueError("the surroundings trained on are of another descriptor or other elements")
    if not all(np.isfinite(part).all() for part in points):
        raise ValueError("the surroundings trained on are no finite numbers")
    root = content["last_layer"].numpy()
    if root.shape != (members, width, width) or not np.isfinite(root).all():
        raise ValueError("what the last layers learnt from is of other networks, or not finite")
    return Trust(
        Surroundings(points, frames),
        LastLayer(root),
        Limits(**content["limits"]),
        Calibration(**content["energy"]),
        Calibration(**content["force"]),
    )
