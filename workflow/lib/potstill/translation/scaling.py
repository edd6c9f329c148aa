"""Translate frames of one element to another: scale every length, label anew."""

from pathlib import Path

from potstill.frames import read_frames, write_frames
from potstill.potentials.eam import EamPotential, label_frames
from potstill.runtime.progress import say
from potstill.settings import Element


def length_scale(source: Element, target: Element) -> float:
    """Return (V_target / V_source)^(1/3), V the volume of an atom in each element's own crystal.

    Between two elements of one structure this is the ratio of their lattice constants.
    """
    return (target.volume_per_atom_A3 / source.volume_per_atom_A3) ** (1 / 3)


def translate(
    frames: Path,
    *,
    source: Element,
    target: Element,
    target_symbol: str,
    scale: float | None,
    potential: Path,
    threads: int,
    output: Path,
) -> None:
    """Write the frames as frames of `target_symbol`, labelled with its EAM table `potential`.

    Positions and cells are multiplied by `scale` (None: `length_scale`), so fractional coordinates
    stay. Energies, forces and stress are the target's. What else the source's frames carried
    (enthalpy, order parameter, step, ...) tells of the source's run and goes on under names that
    begin with `source_`; so do the file's attributes, beside `scale` and `source_symbol`.
    """
    origin = read_frames(frames)
    factor = length_scale(source, target) if scale is None else scale
    columns = {_of_source(name): column for name, column in origin.columns.items()}
    attributes = {_of_source(name): value for name, value in origin.attributes.items()}
    translated = label_frames(
        EamPotential.from_file(potential, target_symbol),
        origin.positions * factor,
        origin.cell * factor,
        columns=columns,
        attributes={**attributes, "source_symbol": origin.symbol, "scale": factor},
        threads=threads,
    )
    write_frames(output, translated)
    mean = translated.energy.mean() / translated.atoms
    say(
        f"translate: {len(origin)} frames of {origin.atoms} atoms, {origin.symbol} to "
        f"{target_symbol}, lengths x {factor:.5f}, mean energy {mean:.4f} eV/atom"
    )


def _of_source(name: str) -> str:
    return name if name.startswith("source_") else f"source_{name}"
