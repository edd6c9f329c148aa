"""Count what the check of training data refuses and warns of: good sets, and sets with a fault.

Good sets are crystals and packings of several metals, labelled by EAM tables, and sets of extended
XYZ files that are given, split by number of atoms. Faults are planted in them: forces of other
frames or of the wrong sign, energies in other units, stress of the wrong sign. Writes one JSON
file. See docs/notes/data-check.md.
"""

import argparse
import contextlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import ase.io
import numpy as np
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import PropertyNotImplementedError
from common import machine

from potstill.audit.data_check import check_data
from potstill.data.frames import Frames
from potstill.data.structures import Floats, Structures
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential, label_frames
from potstill.runtime.files import write_json
from potstill.runtime.streams import stream
from potstill.settings import Training

PACKAGES = ("potstill", "numba", "numpy")
GOOD_SIZES, FAULT_SIZES = (5, 8, 12, 20, 26, 35, 50), (12, 26, 50, 200)
KCAL_PER_EV = units.mol / units.kcal
KINDS = ("hot", "strained", "packed", "mixed")


def _other_frames(frames: Frames, forces: Floats) -> Floats:
    order = stream(1, "benchmark", "shuffled").permutation(len(frames))
    return frames.dense(forces)[order].reshape(forces.shape)


FAULTS: dict[str, Callable[[Frames], Frames]] = {
    "forces of other frames": lambda f: replace(f, forces=_other_frames(f, f.forces)),
    "forces of wrong sign": lambda f: replace(f, forces=-f.forces),
    "energies in Hartree": lambda f: replace(f, energy=f.energy / units.Hartree),
    "energies in Rydberg": lambda f: replace(f, energy=f.energy / units.Ry),
    "energies in kcal/mol": lambda f: replace(f, energy=f.energy * KCAL_PER_EV),
    "energies an atom": lambda f: replace(f, energy=f.energy / f.atoms),
    "stress of wrong sign": lambda f: replace(f, stress=-f.stress),
}


class Set(NamedTuple):
    """Good frames of one kind, up to the largest size that is drawn from them."""

    name: str
    frames: Frames


class Metal(NamedTuple):
    """An element of an EAM table, its crystal structure and lattice constant (A)."""

    symbol: str
    structure: str
    constant_A: float

    def crystal(self, atoms: int) -> Atoms:
        """Return a crystal of `atoms` atoms, in a cell that is as cubic as they allow."""
        cell = bulk(self.symbol, self.structure, a=self.constant_A, cubic=atoms != 2)
        times = {2: (2, 1, 1), 8: (2, 1, 1), 16: (2, 2, 2), 32: (2, 2, 2)}
        if self.structure == "bcc":
            times |= {2: (1, 1, 2), 8: (2, 2, 1), 32: (4, 2, 2)}
        return cell.repeat(times[atoms])


def _labelled(potential: EamPotential, positions: Floats, cells: Floats) -> Frames:
    return label_frames(potential, Structures.uniform(potential.symbol, positions, cells))


def _packed(potential: EamPotential, start: Floats, cells: Floats, random: Any) -> Floats:
    """Return positions drawn at random in the cells and relaxed for some steps of 0.1 A at most."""
    positions = random.random(start.shape) @ cells
    for _ in range(60):
        labelled = _labelled(potential, positions, cells)
        forces = labelled.dense(labelled.need("forces", "packing"))
        positions = positions + np.clip(0.02 * forces, -0.1, 0.1)
    return positions


def made(potential: EamPotential, metal: Metal, atoms: int, kind: str, count: int) -> Frames:
    """Return `count` labelled frames: hot crystals, strained ones, packings, or of each some."""
    random = stream(1, "benchmark", metal.symbol, atoms, kind)
    crystal = metal.crystal(atoms)
    cell = np.asarray(crystal.cell)
    cells = np.broadcast_to(cell, (count, 3, 3)).copy()
    positions = np.broadcast_to(crystal.positions, (count, len(crystal), 3)).copy()
    which = np.array([kind] * count if kind != "mixed" else KINDS[:3] * count)[:count]
    strained = which == "strained"
    strain = np.eye(3) + 0.02 * random.normal(size=(count, 3, 3))
    strain *= random.uniform(0.95, 1.08, count)[:, None, None]
    cells[strained] = (cells @ strain)[strained]
    positions[strained] = (positions @ strain)[strained]
    packed = which == "packed"
    if packed.any():
        cells[packed] *= random.uniform(1.0, 1.05, packed.sum())[:, None, None]
        positions[packed] = _packed(potential, positions[packed], cells[packed], random)
    size = np.where(which == "hot", random.uniform(0.05, 0.25, count), 0.03)
    positions += size[:, None, None] * random.normal(size=positions.shape)
    return _labelled(potential, positions, cells)


def read(path: Path) -> Iterator[Set]:
    """Yield the sets of an extended XYZ file: frames of one number of atoms, as they come."""
    by_size: dict[int, list[Atoms]] = {}
    for atoms in ase.io.iread(path, ":"):
        by_size.setdefault(len(atoms), []).append(atoms)
    for size, images in sorted(by_size.items()):
        symbols = {s for atoms in images for s in atoms.get_chemical_symbols()}
        if len(symbols) != 1 or len(images) < GOOD_SIZES[0]:
            continue
        energy = np.array([atoms.get_potential_energy() for atoms in images])
        frames = Frames.of_atoms(
            images,
            energy=energy,
            atomic_energies=np.repeat(energy / size, size),
            forces=np.concatenate([atoms.get_forces() for atoms in images]),
            stress=np.array([_stress(atoms) for atoms in images]),
        )
        yield Set(f"{path.stem}, {size} atoms", frames)


def _stress(atoms: Atoms) -> Floats:
    try:
        return np.asarray(atoms.get_stress(voigt=False))
    except PropertyNotImplementedError:
        return np.zeros((3, 3))


def verdict(frames: Frames) -> tuple[str, str]:
    """Return "refused", "warned" or "passed", and the message."""
    wanted = Training(stress_weight=0.1 if frames.stress.any() else 0.0)
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            check_data(frames, wanted)
    except PotstillError as error:
        return "refused", str(error)
    lines = [line for line in told.getvalue().splitlines() if "labels may be wrong" in line]
    return ("warned" if lines else "passed"), " | ".join(lines)


def drawn(frames: Frames, count: int) -> Frames:
    """Return `count` of the frames, drawn at random."""
    chosen = stream(1, "benchmark", "drawn", count).permutation(len(frames))[:count]
    return frames[np.sort(chosen)]


def good(sets: list[Set]) -> list[dict[str, Any]]:
    """Return the verdict on good sets of each size."""
    rows = []
    for name, frames in sets:
        for size in (size for size in GOOD_SIZES if size <= len(frames)):
            found, message = verdict(drawn(frames, size))
            rows.append({"set": name, "frames": size, "verdict": found, "message": message})
    return rows


def faulty(sets: list[Set]) -> list[dict[str, Any]]:
    """Return the verdict on sets of each size with each fault that they can have."""
    rows = []
    for name, frames in sets:
        for size in (size for size in FAULT_SIZES if size <= len(frames)):
            some = drawn(frames, size)
            for fault, plant in FAULTS.items():
                if fault.startswith("stress") and not some.stress.any():
                    continue
                found, message = verdict(plant(some))
                row = {"set": name, "frames": size, "fault": fault, "verdict": found}
                rows.append(row | {"message": message})
    return rows


def table(rows: list[dict[str, Any]], key: str) -> list[str]:
    """Return lines that count refusals and warnings by `key` and number of frames."""
    lines = []
    for value in dict.fromkeys(row[key] for row in rows):
        for size in sorted({row["frames"] for row in rows if row[key] == value}):
            found = [r["verdict"] for r in rows if (r[key], r["frames"]) == (value, size)]
            refused, warned = found.count("refused"), found.count("warned")
            lines.append(f"| {value} | {size} | {len(found)} | {refused} | {warned} |")
    return lines


def metal_of_table(text: str) -> tuple[Path, Metal]:
    """Return the table and the metal that `FILE:SYMBOL:STRUCTURE:CONSTANT` names."""
    try:
        file, symbol, structure, constant = text.rsplit(":", 3)
        return Path(file), Metal(symbol, structure, float(constant))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not FILE:SYMBOL:STRUCTURE:A") from None


def main() -> None:
    """Make and read the sets, check them, print the counts and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("files", type=Path, nargs="*", help="extended XYZ files of good labels")
    parser.add_argument(
        "--table",
        type=metal_of_table,
        action="append",
        default=[],
        help="an EAM table and a metal of it, as Al.eam.fs:Al:fcc:4.05",
    )
    parser.add_argument("--atoms", type=int, nargs="+", default=[2, 8, 32], help="2, 8, 16 or 32")
    parser.add_argument("--largest", type=int, default=200, help="frames of the largest sets")
    arguments = parser.parse_args()
    sets = []
    for file, metal in arguments.table:
        potential = EamPotential.from_file(file, metal.symbol)
        for atoms in arguments.atoms:
            for kind in KINDS:
                frames = made(potential, metal, atoms, kind, arguments.largest)
                sets.append(Set(f"{metal.symbol} {kind}, {atoms} atoms", frames))
    sets += [found for path in arguments.files for found in read(path)]
    rows, faults = good(sets), faulty(sets)
    write_json(arguments.output, {"machine": machine(PACKAGES), "good": rows, "faulty": faults})
    for row in rows:
        if row["verdict"] == "refused":
            print(row)
    print("| good sets | frames | sets | refused | warned of |", "| --- " * 5 + "|", sep="\n")
    print(*table([row | {"kind": "all"} for row in rows], "kind"), sep="\n")
    print("| fault | frames | sets | refused | warned of |", "| --- " * 5 + "|", sep="\n")
    print(*table(faults, "fault"), sep="\n")


if __name__ == "__main__":
    main()
