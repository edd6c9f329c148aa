"""Translate frames of one element to another: scale every length, stretch some, label anew."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.data.structures import Structures, atomic_number
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential, label_frames
from potstill.runtime.progress import say
from potstill.sampling.order import ORDER_LIMITS

# Along the Bain path (Bain, Trans. AIME 70, 25 (1924)) the FCC lattice, seen as a body-centred
# tetragonal one with c/a = sqrt(2), becomes BCC with c/a = 1: by axis, at constant volume.
BAIN = np.array([2 ** (1 / 6), 2 ** (1 / 6), 2 ** (-1 / 3)])


def translate(
    frames: Path,
    *,
    target: str,
    scale: float | Sequence[float],
    bain_share: float = 0,
    potential: Path,
    threads: int,
    output: Path,
) -> None:
    """Write the frames as frames of the element `target`, labelled with its table `potential`.

    They are of one element, of any sizes and boundaries. Positions and cells are multiplied by
    `scale`, so fractional coordinates stay; of several scales the frames take one each, in turn. Of
    the crystals `bain_share`, evenly spread, are stretched from FCC to BCC as well. Energies,
    forces and stress are the target's. What else the source's frames carried (enthalpy, order
    parameter, step, ...) tells of the source's run and goes on under names that begin with
    `source_`; so do the file's attributes, beside `scale`, `bain_share` and `source_symbol`.

    Raises PotstillError for frames of several elements, and when crystals are asked for and the
    frames have no order parameter.
    """
    origin = read_frames(frames)
    if len(origin.elements) > 1:
        raise PotstillError(
            f"{frames}: frames of {', '.join(origin.elements)}; a translation replaces one element "
            "by one other, so name frames of one element as its source"
        )
    columns = {_of_source(name): column for name, column in origin.columns.items()}
    attributes = {_of_source(name): value for name, value in origin.attributes.items()}
    stretch = np.repeat(np.resize(np.atleast_1d(scale), len(origin))[:, None], 3, axis=1)
    if bain_share:
        try:
            stretch[crystal_rows(origin, bain_share)] *= BAIN
        except PotstillError as error:
            raise PotstillError(f"{frames}: {error}") from None
    translated = label_frames(
        EamPotential.from_file(potential, target),
        Structures(
            origin.start,
            np.full_like(origin.species, atomic_number(target)),
            origin.positions * np.repeat(stretch, origin.sizes, axis=0),
            origin.cell * stretch[:, None],
            origin.pbc,
        ),
        columns=columns,
        attributes={
            **attributes,
            "source_symbol": origin.symbol,
            "scale": scale,
            "bain_share": bain_share,
        },
        threads=threads,
    )
    write_frames(output, translated)
    mean = translated.need("energy", "translation").sum() / len(translated.species)
    few, many = origin.sizes.min(), origin.sizes.max()
    sizes = f"{few}" if few == many else f"{few} to {many}"
    named = ", ".join(f"{factor:.5f}" for factor in np.atleast_1d(scale))
    say(
        f"translate: {len(origin)} frames of {sizes} atoms, {origin.symbol} to "
        f"{target}, lengths x {named}, mean energy {mean:.4f} eV/atom"
    )


def crystal_rows(frames: Frames, share: float) -> NDArray[np.int64]:
    """Return the rows of a share of the crystals among frames, evenly spread.

    Raises PotstillError when the frames have no order parameter.
    """
    if "order_parameter" not in frames.columns:
        raise PotstillError(
            "no order parameter tells the crystals; set `bain_share` of the translation to 0"
        )
    order = np.asarray(frames.columns["order_parameter"], dtype=np.float64)
    rows = np.flatnonzero(order > ORDER_LIMITS[2] * frames.sizes)
    taken = np.floor(share * np.arange(len(rows) + 1)).astype(np.int64)
    return rows[np.diff(taken) > 0]


def _of_source(name: str) -> str:
    return name if name.startswith("source_") else f"source_{name}"
