"""The crystals that a metal may have at zero temperature, and how large their atoms are."""

import math
from typing import Literal

CrystalName = Literal["fcc", "bcc", "hcp"]
# Atoms in a conventional cubic cell.
ATOMS_PER_CELL = {"fcc": 4, "bcc": 2}
# That of spheres in a close packing.
IDEAL_C_OVER_A = math.sqrt(8 / 3)


def volume_per_atom_A3(
    structure: CrystalName, lattice_constant_A: float, c_over_a: float | None = None
) -> float:
    """Return the volume of an atom, A^3; c_over_a: of hcp alone, None for the ideal one."""
    if structure == "hcp":
        return math.sqrt(3) / 4 * (c_over_a or IDEAL_C_OVER_A) * lattice_constant_A**3
    return lattice_constant_A**3 / ATOMS_PER_CELL[structure]


def check_cube(place: str, symbol: str, structure: CrystalName, atoms: int) -> None:
    """See that a set that is sampled starts from a cube of cubic cells; else ValueError."""
    if structure == "hcp":
        raise ValueError(
            f"{place}: sampling starts from fcc or bcc, and elements.{symbol}.structure is hcp; "
            "take a set of method foundational or file"
        )
    basis = ATOMS_PER_CELL[structure]
    cells = round((atoms / basis) ** (1 / 3))
    if basis * cells**3 != atoms:
        raise ValueError(
            f"{place}: {atoms} atoms do not fill a cube of {structure} cells; use {basis} n^3 atoms"
        )
