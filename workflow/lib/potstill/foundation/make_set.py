"""Make the foundational set from a walk between solid and liquid.

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
from potstill.foundation.metal_crystal import CrystalName, MetalCrystal, metal_crystal
from potstill.runtime.device import limit_threads
from potstill.settings import Descriptor
from potstill.translation.scaling import BAIN, crystal_rows

# What becomes of a frame on its way to another crystal: by axis, at the same volume.
FORMS = {"walk": np.ones(3), "stretched": BAIN}
# Which of them the order for a crystal chooses among.
CHOICES: dict[CrystalName, tuple[str, ...]] = {
    "fcc": ("walk",),
    "hcp": ("walk",),
    "bcc": ("walk", "stretched"),
}


def make_set(walk: Frames, crystal: MetalCrystal, count: int) -> FoundationalSet:
    """Return `count` frames of a walk in order for each crystal of a metal.

    crystal: that of the walk's own metal, fcc. For fcc metals they are of the walk as it is; for
    bcc ones the order takes of the walk and of the stretched forms of its crystals. See
    `nested_order`. Raises PotstillError for a walk of several sizes or elements, without order
    parameter, or of fewer frames than asked for.
    """
    if not walk.is_uniform or walk.elements != (crystal.symbol,):
        raise PotstillError(f"the walk is not of {crystal.symbol} in one size; name another walk")
    if "order_parameter" not in walk.columns:
        raise PotstillError("the walk has no order parameter to tell crystals by; name another")
    if count > len(walk):
        raise PotstillError(f"the walk holds {len(walk)} frames; ask for fewer than {count}")
    rows = {"walk": np.arange(len(walk)), "stretched": crystal_rows(walk, share=1)}
    chosen: dict[CrystalName, tuple[Indices, Indices]] = {}
    for structure, forms in CHOICES.items():
        frame = np.concatenate([rows[f] for f in forms])
        form = np.repeat([list(FORMS).index(f) for f in forms], [len(rows[f]) for f in forms])
        order = nested_order(_stretched(walk.structures(frame), form), count)
        chosen[structure] = frame[order], form[order]
    used = np.unique(np.concatenate([frame for frame, _ in chosen.values()]))
    found = walk.structures(used)
    inside = found.positions.reshape(len(used), -1, 3) @ np.linalg.inv(found.cell)
    return FoundationalSet(
        fractional=(inside % 1).astype(np.float32),
        cell=(found.cell / crystal.volume_A3 ** (1 / 3)).astype(np.float32),
        forms=FORMS,
        orders={
            structure: Order(np.searchsorted(used, frame), form)
            for structure, (frame, form) in chosen.items()
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
