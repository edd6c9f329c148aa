"""What became of each of many structures that were relaxed: a row of a table."""

import math
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import ase
import numpy as np

from potstill.data.formats import frames_to_extxyz
from potstill.data.frames import Frames
from potstill.data.structures import Floats, Structures
from potstill.descriptors.elements import element_numbers
from potstill.errors import PotstillError
from potstill.models.committee import Committee
from potstill.models.doubts import doubts
from potstill.relaxation.batch import BatchRelaxed, relax_batch
from potstill.relaxation.relax import VOLUME_RANGE
from potstill.relaxation.relax_progress import RelaxProgress
from potstill.relaxation.space_groups import NEAR_A, space_groups
from potstill.runtime.restart import Restart
from potstill.runtime.shortened import shortened


class Outcome(NamedTuple):
    """What became of a structure.

    why_not: why it did not converge, empty where it did; sigma: the standard deviation of the
    energy over the committee; volume_ratio: by the volume before. None is what there is not: an
    energy where the model gives none, a volume of a structure that is not periodic in all
    directions, and space groups as of `space_groups`. flag: why not to believe the model where the
    structure came to, see `trust.verdicts`; None for a committee that does not know.
    """

    converged: bool
    why_not: str
    energy_eV_per_atom: float | None
    sigma_meV_per_atom: float | None
    volume_A3_per_atom: float | None
    volume_ratio: float | None
    largest_force_eV_per_A: float | None
    steps: int
    space_group_before: str | None
    space_group_after: str | None
    flag: str | None


def relax_images(
    committee: Committee,
    images: Sequence[ase.Atoms],
    *,
    fmax: float,
    steps: int,
    relax_cell: bool,
    threads: int = 1,
    restart: Restart | None = None,
) -> BatchRelaxed:
    """Relax structures of `read_structures` by `relax_batch`, and tell how far it has come.

    restart: keeps those that are finished. Raises PotstillError, naming the file, for elements that
    the committee does not know, and where none of the structures could be relaxed.
    """
    for file, group in groupby(images, key=lambda image: str(image.info["file"])):
        try:
            element_numbers(Structures.of_atoms(list(group)), committee.elements)
        except PotstillError as error:
            raise PotstillError(f"{file}: {error}") from None
    structures = Structures.of_atoms(images)
    try:
        return relax_batch(
            committee,
            structures,
            fmax=fmax,
            steps=steps,
            relax_cell=relax_cell,
            threads=threads,
            watch=RelaxProgress(structures),
            restart=restart,
        )
    except PotstillError as error:
        files = list(dict.fromkeys(str(image.info["file"]) for image in images))
        raise PotstillError(f"{', '.join(shortened(files))}: {error}") from None


def outcomes(
    committee: Committee,
    before: Structures,
    found: BatchRelaxed,
    *,
    fmax: float,
    steps: int,
    near_A: float = NEAR_A,
    threads: int = 1,
) -> list[Outcome]:
    """Return what became of structures that `relax_batch` relaxed with this fmax and these steps.

    before: as they were; near_A: as of `space_groups`.
    """
    spread, flags = doubted(committee, found, threads)
    sigma = 1e3 * spread / found.sizes
    solid = found.pbc.all(axis=1)
    volume = np.where(solid, found.volume / found.sizes, np.nan)
    ratio = np.divide(found.volume, before.volume, out=np.full(len(found), np.nan), where=solid)
    groups = zip(space_groups(before, near_A), space_groups(found, near_A), strict=True)
    return [
        Outcome(
            bool(found.converged[k]),
            _why_not(committee, before, found, k, fmax, steps),
            _told(found.energy[k] / found.sizes[k]),
            _told(sigma[k]),
            _told(volume[k]),
            _told(ratio[k]),
            _told(found.largest_force[k]),
            int(found.steps[k]),
            *both,
            flags[k],
        )
        for k, both in enumerate(groups)
    ]


def doubted(
    committee: Committee, found: BatchRelaxed, threads: int = 1
) -> tuple[Floats, list[str | None]]:
    """Return the spread of the energy (F,), eV, NaN where it has none, and each structure's flag.

    A flag is None where the committee does not know what it was trained on, or gives no energy.
    """
    spread = np.full(len(found), np.nan)
    flags: list[str | None] = [None] * len(found)
    which = np.flatnonzero(np.isfinite(found.energy))
    relaxed = found.structures(which)
    if committee.trust is None:
        spread[which] = committee.predict(relaxed, forces=False, threads=threads).energy_std
        return spread, flags
    said = doubts(committee, relaxed, threads=threads)
    spread[which] = said.energy_std
    for k, verdict in zip(which, said.verdicts, strict=True):
        flags[k] = verdict.flag
    return spread, flags


def write_relaxed(
    path: Path, images: Sequence[ase.Atoms], found: BatchRelaxed, told: Sequence[Outcome]
) -> None:
    """Write relaxed structures as extended XYZ, each with its energy and what became of it.

    images: as they were, of `read_structures`.
    """
    numbers = {"frame": np.array([image.info["frame"] for image in images])}
    for name in ("converged", "sigma_meV_per_atom", "largest_force_eV_per_A", "steps"):
        values = [getattr(outcome, name) for outcome in told]
        numbers[name] = np.array([np.nan if value is None else value for value in values])
    known = np.isfinite(found.energy)
    frames = Frames(
        **vars(found.structures(slice(None))),
        energy=np.where(known, found.energy, 0.0),
        lacking={} if known.all() else {"energy": ~known},
        columns=numbers,
    )
    texts = {"file": [str(image.info["file"]) for image in images]}
    if any(outcome.flag for outcome in told):
        texts["flag"] = [outcome.flag or "" for outcome in told]
    frames_to_extxyz(path, frames, texts)


def _why_not(
    committee: Committee, before: Structures, found: BatchRelaxed, k: int, fmax: float, steps: int
) -> str:
    """Return why a structure did not converge; nothing where it did."""
    if found.converged[k]:
        return ""
    if not np.isfinite(found.largest_force[k]):
        try:
            committee.predict(before.structures([k]), forces=True)
        except PotstillError as error:
            return str(error).removeprefix("frame 0: ")
        return "the model gives it no energy, forces or stress that is a number"
    if found.steps[k] == steps:
        return f"no force below {fmax:g} eV/A within {steps} steps"
    low, high = VOLUME_RANGE
    return (
        f"broke down after {found.steps[k]} steps: on its way the cell left {low:g} to {high:g} "
        "times its first size, or the model gave no finite forces"
    )


def _told(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
