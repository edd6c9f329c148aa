"""Frames labelled anew by any ASE calculator, one by one, in chunks that resume."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase
import numpy as np
from ase.calculators.calculator import PropertyNotImplementedError
from ase.stress import voigt_6_to_full_3x3_stress
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.frames import Frames, read_frames, write_frames
from potstill.runtime.progress import Progress, say
from potstill.runtime.restart import Restart, State, restart_file
from potstill.sections import Labels
from potstill.translation.label_source import make_calculator, work_in
from potstill.versions import VERSION


def relabel_chunk(frames: Path, *, labels: Labels, chunk: int, output: Path) -> None:
    """Label the frames of one of `labels.chunks` equal parts and write them.

    Energy (that whose derivative the forces are, where the calculator tells it apart), forces and
    stress are the calculator's; atomic energies, which most do not have, are equal shares of the
    energy. After a kill the job goes on behind the last frame of its restart file. Raises
    PotstillError naming the frame when the calculator fails, lacks forces or stress, or gives what
    is not finite; frames before it are kept for the next attempt.
    """
    whole = read_frames(frames)
    part = whole[np.array_split(np.arange(len(whole)), labels.chunks)[chunk]]
    made = {"calculator": labels.calculator, "arguments": json.dumps(labels.arguments)}
    place = f"labels.{whole.symbol}"
    calculator = make_calculator(place, labels.calculator, labels.arguments)
    work_in(calculator, output.with_suffix(".work"))
    with restart_file(output, _fingerprint(part, made)) as restart:
        found = _label(part, calculator, place, restart)
        shares = np.repeat(found["energy"][:, None] / part.atoms, part.atoms, axis=1)
        labelled = replace(
            part,
            energy=found["energy"],
            atomic_energies=shares,
            forces=found["forces"],
            stress=found["stress"],
            attributes=part.attributes | {f"labels_{k}": v for k, v in made.items()},
        )
        write_frames(output, labelled)
    say(f"relabel: {len(part)} frames of {part.symbol} by {labels.calculator}")


def join_chunks(chunks: list[Path], output: Path) -> None:
    """Write the frames of all chunks, in order, as one file."""
    joined, *rest = map(read_frames, chunks)
    for frames in rest:
        joined = joined.joined(frames)
    write_frames(output, joined)


def _label(
    frames: Frames, calculator: Any, place: str, restart: Restart
) -> dict[str, NDArray[np.float64]]:
    """Return energy (F,), forces (F, N, 3) and stress (F, 3, 3) of all frames."""
    state: State = restart.load() or {
        "energy": np.empty(0),
        "forces": np.empty((0, frames.atoms, 3)),
        "stress": np.empty((0, 3, 3)),
    }
    done = len(state["energy"])
    progress = Progress("relabel", len(frames), "frames", start=done)
    for index in range(done, len(frames)):
        try:
            labels = label_one(_atoms(frames, index), calculator)
        except Exception as error:
            restart.save(state)
            # a calculator's own errors are many, and some take several lines
            reason = " ".join(str(error).split()) or type(error).__name__
            raise PotstillError(f"{place}: frame {index} of the chunk: {reason}") from error
        state = {name: np.concatenate([state[name], [labels[name]]]) for name in state}
        progress.update(index + 1, f"{labels['energy'] / frames.atoms:.4f} eV/atom")
        if restart.due():
            restart.save(state)
    return {name: np.asarray(values, dtype=np.float64) for name, values in state.items()}


def label_one(atoms: ase.Atoms, calculator: Any) -> dict[str, Any]:
    """Return the calculator's energy (eV), forces (N, 3) eV/A and stress (3, 3) eV/A^3.

    Raises PotstillError when it lacks one or gives what is not finite.
    """
    atoms.calc = calculator
    try:
        try:
            energy = atoms.get_potential_energy(force_consistent=True)
        except PropertyNotImplementedError:
            energy = atoms.get_potential_energy()
        stress = voigt_6_to_full_3x3_stress(atoms.get_stress())
        labels = {"energy": float(energy), "forces": atoms.get_forces(), "stress": stress}
    except PropertyNotImplementedError as error:
        raise PotstillError(
            f"the calculator lacks a label ({error}); use one with forces and stress"
        ) from None
    for name, values in labels.items():
        if not np.isfinite(values).all():
            raise PotstillError(f"the calculator's {name} is not finite; see whether it converged")
    return labels


def _atoms(frames: Frames, index: int) -> ase.Atoms:
    symbols = [frames.symbol] * frames.atoms
    return ase.Atoms(symbols, frames.positions[index], cell=frames.cell[index], pbc=True)


def _fingerprint(frames: Frames, made: dict[str, str]) -> str:
    """Return a text that changes with the geometries, the calculator and the code's version."""
    geometry = hashlib.sha256(frames.positions.tobytes() + frames.cell.tobytes()).hexdigest()
    return json.dumps([geometry, made, VERSION["translation"]])
