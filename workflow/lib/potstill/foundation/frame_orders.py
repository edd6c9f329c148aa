"""The file of the foundational set: frames of one metal without its lengths, and their orders.

Lengths are in the cube root of the volume of an atom of the metal's crystal at zero temperature,
so that another metal's are theirs times the same of its own crystal.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

from potstill.data.frames import Frames
from potstill.errors import PotstillError
from potstill.foundation.metal_crystal import MetalCrystal
from potstill.runtime.files import atomic_path
from potstill.settings import CrystalName

FILE = Path(__file__).with_name("foundational.h5")
# a model of the first of these frames, and structures to try it on
EXAMPLE = Path(__file__).with_name("example")


class Order(NamedTuple):
    """n frames, the first m of which are the best m: which of the set, and in which form (n,)."""

    frame: NDArray[np.int64]
    form: NDArray[np.int64]


@dataclass(frozen=True)
class FoundationalSet:
    """U frames of N atoms, which `orders` put in order for each crystal of a metal.

    fractional (U, N, 3): positions in the cell; cell (U, 3, 3): see the module; forms: factors (3,)
    along x, y and z that a frame may be stretched by, by what it then is: of the walk, of the walk
    and stretched, or a strained crystal; attributes: what made it.
    """

    fractional: NDArray[np.float32]
    cell: NDArray[np.float32]
    forms: Mapping[str, NDArray[np.float64]]
    orders: Mapping[CrystalName, Order]
    attributes: Mapping[str, Any]


class MetalFrames(NamedTuple):
    """Frames of a metal, with the column `order`, and the name of each one's form."""

    frames: Frames
    kinds: list[str]

    def __str__(self) -> str:
        """Return how many there are of which kind."""
        return ", ".join(f"{count} {kind}" for kind, count in Counter(self.kinds).items())


def first_frames(crystal: MetalCrystal, count: int, given: FoundationalSet) -> MetalFrames:
    """Return the first `count` frames for a metal, of the volume that its crystal's atoms take.

    Raises PotstillError for more than there are.
    """
    order = given.orders[crystal.structure]
    if count > len(order.frame):
        raise PotstillError(
            f"{count} frames: there are {len(order.frame)} for {crystal.structure} metals; ask for "
            "fewer"
        )
    frame, form = order.frame[:count], order.form[:count]
    unit = crystal.volume_A3 ** (1 / 3)
    stretch = unit * np.array(list(given.forms.values()))[form]
    cell = given.cell[frame].astype(np.float64) * stretch[:, None]
    frames = Frames.uniform(
        crystal.symbol,
        given.fractional[frame].astype(np.float64) @ cell,
        cell,
        columns={"order": np.arange(count)},
    )
    names = list(given.forms)
    return MetalFrames(frames, [names[kind] for kind in form])


def write_set(path: Path, given: FoundationalSet) -> None:
    """Write the file atomically; same set, same bytes."""
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as store:
        for name, value in sorted(given.attributes.items()):
            store.attrs[name] = value
        store["fractional"], store["cell"] = given.fractional, given.cell
        store["forms"] = np.array(list(given.forms.values()))
        store["forms"].attrs["names"] = list(given.forms)
        for crystal, order in sorted(given.orders.items()):
            store[f"orders/{crystal}/frame"] = order.frame.astype(np.int16)
            store[f"orders/{crystal}/form"] = order.form.astype(np.int8)


def read_set(path: Path = FILE) -> FoundationalSet:
    """Read the file that `write_set` wrote, by default the one that is shipped."""
    with h5py.File(path, "r") as store:
        names = store["forms"].attrs["names"]
        return FoundationalSet(
            store["fractional"][...],
            store["cell"][...],
            dict(zip(names, store["forms"][...], strict=True)),
            {
                crystal: Order(*(found[key][...].astype(np.int64) for key in Order._fields))
                for crystal, found in store["orders"].items()
            },
            dict(store.attrs),
        )
