"""Make the foundational set from a walk between solid and liquid, and from strained crystals.

    python -m potstill.foundation.make_set WALK --lattice-constant A -o FILE

docs/notes/foundational-frames.md tells of which walk, and what came out.
"""

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.data.frames import Frames, read_frames
from potstill.data.structures import Indices, Structures
from potstill.distillation.candidates import Candidates
from potstill.distillation.strategies.d_optimal import greedy_rows, model_rows
from potstill.errors import PotstillError
from potstill.foundation.frame_orders import FoundationalSet, Order, write_set
from potstill.foundation.metal_crystal import MetalCrystal, metal_crystal
from potstill.foundation.strained_crystals import Crystals, strained_crystals
from potstill.runtime.device import limit_threads
from potstill.settings import CrystalName, Descriptor
from potstill.translation.scaling import BAIN, crystal_rows

# What a frame is, and by what it is then stretched along each axis, at the same volume.
FORMS = {"walk": np.ones(3), "stretched": BAIN, "strained": np.ones(3)}
# Which frames of the walk the order for a crystal chooses among.
CHOICES: dict[CrystalName, tuple[str, ...]] = {
    "fcc": ("walk",),
    "hcp": ("walk",),
    "bcc": ("walk", "stretched"),
}


# One in so many frames is a strained crystal.
EVERY = 4
# Strained crystals of each kind that these are chosen among, and the seed that they are drawn by.
EACH, SEED = 80, 1


def make_set(walk: Frames, crystal: MetalCrystal, count: int) -> FoundationalSet:
    """Return `count` frames in order for each crystal of a metal: of a walk, and strained crystals.

    crystal: that of the walk's own metal, fcc. For fcc metals frames of the walk are as they are;
    for bcc ones the order takes of them and of the stretched forms of its crystals. One in `EVERY`
    frames is a strained crystal, the same ones for all. See `nested_order` for how each of both is
    chosen. Raises PotstillError for a walk of several sizes or elements, without order parameter,
    or of fewer frames than asked for.
    """
    if not walk.is_uniform or walk.elements != (crystal.symbol,):
        raise PotstillError(f"the walk is not of {crystal.symbol} in one size; name another walk")
    if "order_parameter" not in walk.columns:
        raise PotstillError("the walk has no order parameter to tell crystals by; name another")
    if count - count // EVERY > len(walk):
        raise PotstillError(f"the walk holds {len(walk)} frames; ask for fewer than {count}")
    unit = crystal.volume_A3 ** (1 / 3)
    strained = _strained(count // EVERY, crystal.symbol, unit)
    rows = {"walk": np.arange(len(walk)), "stretched": crystal_rows(walk, share=1)}
    chosen: dict[CrystalName, Order] = {}
    for structure, forms in CHOICES.items():
        frame = np.concatenate([rows[f] for f in forms])
        form = np.repeat([_form(f) for f in forms], [len(rows[f]) for f in forms])
        pool = _stretched(walk.structures(frame), form)
        order = nested_order(pool, count - len(strained.cell))
        chosen[structure] = Order(frame[order], form[order])
    used = np.unique(np.concatenate([order.frame for order in chosen.values()]))
    found = walk.structures(used)
    inside = found.positions.reshape(len(used), -1, 3) @ np.linalg.inv(found.cell)
    return FoundationalSet(
        fractional=np.concatenate([inside % 1, strained.fractional]).astype(np.float32),
        cell=np.concatenate([found.cell / unit, strained.cell]).astype(np.float32),
        forms=FORMS,
        orders={
            structure: _with_strained(
                np.searchsorted(used, order.frame),
                order.form,
                len(used) + np.arange(len(strained.cell)),
            )
            for structure, order in chosen.items()
        },
        attributes={"symbol": crystal.symbol, "row_in_walk": used.astype(np.int32)},
    )


def nested_order(pool: Structures, count: int) -> Indices:
    """Return `count` structures in order: the first n are chosen as n would be.

    Each next one raises the determinant of a linear model of the energy per atom most, beside those
    before it. The model is that of the strategy `d_optimal`.
    """
    descriptor = Descriptor().of_elements(pool.elements)
    candidates = Candidates(pool, pool.structures(slice(0)), descriptor)
    rows, kept = map(model_rows, candidates.moments)
    return greedy_rows(rows, kept, count)


def _form(name: str) -> int:
    return list(FORMS).index(name)


def _strained(count: int, symbol: str, unit_A: float) -> Crystals:
    """Return so many strained crystals, FCC, BCC and HCP in turn, each kind in its own order.

    unit_A: of their lengths in the walk's metal.
    """
    found = strained_crystals(EACH, SEED)
    kinds = len(found.cell) // EACH
    if count > kinds * EACH:
        raise PotstillError(f"there are {kinds * EACH} strained crystals; ask for fewer frames")
    cell = unit_A * found.cell
    pool = Frames.uniform(symbol, found.fractional @ cell, cell)
    parts = np.arange(kinds * EACH).reshape(kinds, EACH)
    orders = [part[nested_order(pool[part], -(-count // kinds))] for part in parts]
    order = np.stack(orders, axis=1).ravel()[:count]
    return Crystals(found.fractional[order], found.cell[order])


def _with_strained(frame: Indices, form: Indices, strained: Indices) -> Order:
    """Return an order of frames of the walk with a strained crystal at each place of `EVERY`."""
    before = (EVERY - 1) * (1 + np.arange(len(strained)))  # frames of the walk before each of them
    return Order(np.insert(frame, before, strained), np.insert(form, before, _form("strained")))


def _stretched(structures: Structures, form: NDArray[np.int64]) -> Structures:
    """Return structures of one size in these of the `FORMS`, (F,)."""
    stretch = np.array(list(FORMS.values()))[form]
    return Structures(
        structures.start,
        structures.species,
        structures.positions * np.repeat(stretch, structures.sizes, axis=0),
        structures.cell * stretch[:, None],
        structures.pbc,
    )


def main(arguments: Sequence[str]) -> str | None:
    """Write the set of a walk; return what is wrong with it, in one line."""
    parser = argparse.ArgumentParser(description="Make the foundational set from a walk.")
    parser.add_argument("walk", type=Path, help="frames of one metal and size, HDF5")
    parser.add_argument("--output", "-o", type=Path, required=True)
    parser.add_argument("--lattice-constant", type=float, required=True, help="A, at 0 K")
    parser.add_argument("--number", "-n", type=int, default=300, help="frames of each order")
    given = parser.parse_args(arguments)
    limit_threads(1)
    try:
        walk = read_frames(given.walk)
        crystal = metal_crystal(walk.symbol, "fcc", given.lattice_constant)
        made = make_set(walk, crystal, given.number)
    except PotstillError as error:
        return f"error: {error}"
    summary = given.walk.with_suffix(".json")
    told = {
        "made_by": f"python -m {__spec__.name}",
        "lattice_constant_A": given.lattice_constant,
        "descriptor": Descriptor().of_elements(walk.elements).model_dump_json(),
        "walk_sha256": hashlib.sha256(given.walk.read_bytes()).hexdigest(),
        "walk_summary": summary.read_text() if summary.exists() else "",
    }
    made = replace(made, attributes={**made.attributes, **told})
    write_set(given.output, made)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
