"""Space groups of structures, by spglib where it is installed."""

from importlib.util import find_spec

import numpy as np

from potstill.data.structures import Structures

# Atoms nearer to where a symmetry puts them are there, A. A relaxation ends nearer than that: with
# forces of 0.01 eV/A left, and bonds of 5 eV/A^2, atoms are 0.002 A away.
SAME_PLACE_A = 0.01


def is_installed() -> bool:
    """Return whether there is spglib."""
    return find_spec("spglib") is not None


def space_groups(structures: Structures) -> list[str | None]:
    """Return symbol and number of each space group, as `Fm-3m (225)`, up to `SAME_PLACE_A`.

    None for structures that are not periodic in all directions, where none is found, and without
    spglib.
    """
    return [
        _group(structures, f) if periodic and is_installed() else None
        for f, periodic in enumerate(structures.pbc.all(axis=1))
    ]


def _group(structures: Structures, which: int) -> str | None:
    import spglib

    here, cell = structures.of_atoms_in(which), structures.cell[which]
    inside = np.linalg.solve(cell.T, structures.positions[here].T).T
    found = spglib.get_spacegroup((cell, inside, structures.species[here]), symprec=SAME_PLACE_A)
    return str(found) if found else None
