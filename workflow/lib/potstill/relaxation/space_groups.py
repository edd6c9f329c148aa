"""Space groups of structures, by spglib where it is installed."""

from importlib.util import find_spec

import numpy as np

from potstill.data.structures import Structures

# Atoms nearer to where a symmetry puts them count as there, A. Of 40 displaced crystals and
# vacancies of copper, relaxed by a model until 0.01 eV/A, 35 are found to have their own group by
# this, and 21 by 0.01 A. Larger distortions are told apart.
NEAR_A = 0.05


def is_installed() -> bool:
    """Return whether there is spglib."""
    return find_spec("spglib") is not None


def space_groups(structures: Structures, near_A: float = NEAR_A) -> list[str | None]:
    """Return symbol and number of each space group, as `Fm-3m (225)`.

    near_A: how far atoms may be from where the symmetry puts them. None for structures that are
    not periodic in all directions, where none is found, and without spglib.
    """
    groups: list[str | None] = [None] * len(structures)
    if is_installed():
        for f in np.flatnonzero(structures.pbc.all(axis=1)):
            groups[f] = _group(structures, int(f), near_A)
    return groups


def _group(structures: Structures, which: int, near_A: float) -> str | None:
    import spglib

    here, cell = structures.of_atoms_in(which), structures.cell[which]
    inside = np.linalg.solve(cell.T, structures.positions[here].T).T
    crystal = (cell.tolist(), inside.tolist(), structures.species[here].tolist())
    try:
        found = spglib.get_spacegroup(crystal, symprec=near_A)
    except spglib.SpglibError:  # None or this, as the version is or another package has set it
        return None
    return str(found) if found else None
