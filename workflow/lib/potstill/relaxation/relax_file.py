"""Relax all frames of a file at once with a trained ensemble.

python -m potstill.relaxation.relax_file ensemble.pt frames.xyz relaxed.xyz --cell
"""

import argparse
import sys
from pathlib import Path

import ase.io
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

from potstill.data.structures import Floats
from potstill.errors import PotstillError
from potstill.models.committee import Committee
from potstill.models.model_file import load_ensemble
from potstill.relaxation.batch import BatchRelaxed, relax_batch
from potstill.runtime.device import limit_threads
from potstill.runtime.files import atomic_path


def relax_file(
    model: Path,
    frames: Path,
    output: Path,
    *,
    cell: bool = False,
    fmax: float = 0.01,
    steps: int = 500,
    threads: int = 1,
) -> str:
    """Relax the frames of a file, of the ensemble's elements and of any sizes, with `relax_batch`.

    frames: any format that ASE reads. output: extended XYZ, in the same order, with the energy of
    each frame, eV, and `energy_std_per_atom` (the spread over the ensemble, eV), `converged`,
    `largest_force` (eV/A) and `steps` beside it. cell: whether the cell relaxes as well. Returns
    what came out, in one line. Raises PotstillError for a file that can't be read and for frames
    that the ensemble can't relax.
    """
    ensemble = load_ensemble(model)
    try:
        images = ase.io.read(frames, ":")
    except Exception as error:  # each format of ASE has errors of its own
        raise PotstillError(
            f"{frames}: cannot be read as frames ({error}); name a file that ASE reads"
        ) from None
    limit_threads(threads)
    found = relax_batch(ensemble, images, fmax=fmax, steps=steps, relax_cell=cell, threads=threads)
    spread = _spread(ensemble, found, threads)
    relaxed = []
    for k in range(len(found)):
        atoms = found.image(k)
        atoms.calc = SinglePointCalculator(atoms, energy=float(found.energy[k]))
        atoms.info = {
            "energy_std_per_atom": float(spread[k]),
            "converged": bool(found.converged[k]),
            "largest_force": float(found.largest_force[k]),
            "steps": int(found.steps[k]),
        }
        relaxed.append(atoms)
    with atomic_path(output) as temporary:
        ase.io.write(temporary, relaxed, format="extxyz")
    lost = [str(k) for k in np.flatnonzero(~found.converged)]
    said = f"{output}: {len(found) - len(lost)} of {len(found)} frames relaxed"
    return said + (f"; not frames {', '.join(lost)}: raise --steps or --fmax" if lost else "")


def _spread(committee: Committee, found: BatchRelaxed, threads: int) -> Floats:
    """Return the committee's spread of the energy an atom (F,), eV; NaN where it has no energy."""
    spread = np.full(len(found), np.nan)
    which = np.flatnonzero(np.isfinite(found.energy))
    known = committee.predict(found.structures(which), forces=False, threads=threads)
    spread[which] = known.energy_std / found.sizes[which]
    return spread


def main() -> None:
    """Relax the file of the command line; SystemExit says what is wrong with it."""
    parser = argparse.ArgumentParser(
        prog="python -m potstill.relaxation.relax_file",
        description="Relax all frames of a file at once with a trained ensemble.",
    )
    parser.add_argument("model", type=Path, help="the ensemble, as models/Ni-distilled/ensemble.pt")
    parser.add_argument("frames", type=Path, help="frames of the model's elements")
    parser.add_argument("output", type=Path, help="extended XYZ to write")
    parser.add_argument("--cell", action="store_true", help="relax the cell as well")
    parser.add_argument("--fmax", type=float, default=0.01, help="largest force left, eV/A (0.01)")
    parser.add_argument("--steps", type=int, default=500, help="steps at most (500)")
    parser.add_argument("--threads", type=int, default=1, help="cores to use (1)")
    given = vars(parser.parse_args())
    try:
        print(relax_file(**given))
    except PotstillError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
