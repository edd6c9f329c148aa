"""Translate frames of one element to another: scale every length, label anew."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from potstill.frames import read_frames, write_frames
from potstill.potentials.eam import EamPotential, label_frames
from potstill.runtime.progress import say


def translate(
    frames: Path,
    *,
    target: str,
    scale: float | Sequence[float],
    potential: Path,
    threads: int,
    output: Path,
) -> None:
    """Write the frames as frames of the element `target`, labelled with its table `potential`.

    Positions and cells are multiplied by `scale`, so fractional coordinates stay; of several scales
    the frames take one each, in turn. Energies, forces
    and stress are the target's. What else the source's frames carried (enthalpy, order parameter,
    step, ...) tells of the source's run and goes on under names that begin with `source_`; so do
    the file's attributes, beside `scale` and `source_symbol`.
    """
    origin = read_frames(frames)
    columns = {_of_source(name): column for name, column in origin.columns.items()}
    attributes = {_of_source(name): value for name, value in origin.attributes.items()}
    scales = np.resize(np.atleast_1d(scale), len(origin))[:, None, None]
    translated = label_frames(
        EamPotential.from_file(potential, target),
        origin.positions * scales,
        origin.cell * scales,
        columns=columns,
        attributes={**attributes, "source_symbol": origin.symbol, "scale": scale},
        threads=threads,
    )
    write_frames(output, translated)
    mean = translated.energy.mean() / translated.atoms
    named = ", ".join(f"{factor:.5f}" for factor in np.atleast_1d(scale))
    say(
        f"translate: {len(origin)} frames of {origin.atoms} atoms, {origin.symbol} to "
        f"{target}, lengths x {named}, mean energy {mean:.4f} eV/atom"
    )


def _of_source(name: str) -> str:
    return name if name.startswith("source_") else f"source_{name}"
