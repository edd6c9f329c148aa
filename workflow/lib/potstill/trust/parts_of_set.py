"""Errors in the parts of a set: regions of the (H, O) plane, and kinds of frames by elements."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from potstill.data.structures import Floats, Indices, Mask, Structures
from potstill.sampling.order import ORDER_LIMITS

# Equal parts of the enthalpy's range.
ENTHALPY_PARTS = 4


class Errors(NamedTuple):
    """Errors of G frames of a set: values (G,), the frames' numbers (G,) and weights (G,)."""

    values: Floats
    frames: Indices
    weights: Floats

    def mean(self, here: Mask | None = None) -> float | None:
        """Return the mean absolute error, of frames in `here` (F,); None where these are none."""
        chosen = np.ones(len(self.frames), dtype=np.bool_) if here is None else here[self.frames]
        weights = self.weights[chosen]
        if not len(weights):
            return None
        return float((np.abs(self.values[chosen]) * weights).sum() / weights.sum())


def _mean_errors(here: Mask, energy: Errors, force: Errors | None) -> dict[str, Any]:
    """Return what a summary says of the frames in `here` (F,)."""
    return {
        "frames": int(here.sum()),
        "mae_meV_per_atom": energy.mean(here),
        "force_mae_meV_per_A": force.mean(here) if force else None,
    }


class Region(NamedTuple):
    """A part of the (H, O) plane: its name by O, its limits of H/N (eV), its frames (F,)."""

    name: str
    enthalpy: tuple[float, float]
    here: Mask


def regions(enthalpy: Floats, order: Floats) -> list[Region]:
    """Return the regions of the plane that hold frames; enthalpy (F,): eV/atom, order (F,): O/N."""
    edges = np.linspace(enthalpy.min(), enthalpy.max(), ENTHALPY_PARTS + 1)
    part = np.clip(np.digitize(enthalpy, edges) - 1, 0, ENTHALPY_PARTS - 1)
    phase = np.digitize(order, ORDER_LIMITS[1:-1], right=True)
    found = [
        Region(name, (float(edges[k]), float(edges[k + 1])), (phase == p) & (part == k))
        for p, name in enumerate(("liquid", "between", "crystal"))
        for k in range(ENTHALPY_PARTS)
    ]
    return [region for region in found if region.here.any()]


def by_region(
    enthalpy: Floats, order: Floats, energy: Errors, force: Errors | None
) -> list[dict[str, Any]]:
    """Return the mean errors in each region of the plane that holds frames.

    enthalpy (F,): eV/atom; order (F,): O/N; energy: meV/atom; force: means of a frame, meV/A, or
    None. A mean is None in a region without a frame that is compared.
    """
    return [
        {
            "region": region.name,
            "enthalpy_eV_per_atom": list(region.enthalpy),
            **_mean_errors(region.here, energy, force),
        }
        for region in regions(enthalpy, order)
    ]


def by_composition(
    frames: Structures, energy: Errors, force: Errors | None
) -> list[dict[str, Any]]:
    """Return the mean errors in frames of the same elements, those of few elements first.

    As of `by_region`; `elements` is their symbols as one word, as Be, W and BeW.
    """
    words, which = frames.systems()
    return [
        {"elements": word, **_mean_errors(which == k, energy, force)}
        for k, word in enumerate(words)
    ]


def by_name(
    names: Sequence[str], what: str, energy: Errors, force: Errors | None
) -> list[dict[str, Any]]:
    """Return the mean errors in frames of the same name, in the order in which names first come.

    As of `by_region`; names: of all frames; `what`, as group, is the key that the name is under.
    """
    of_frames = np.array(names)
    return [
        {what: name, **_mean_errors(of_frames == name, energy, force)}
        for name in dict.fromkeys(names)
    ]
