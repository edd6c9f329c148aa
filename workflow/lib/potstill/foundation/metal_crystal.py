"""The crystal of a metal at zero temperature: how large its atoms are, and how far apart."""

import math
from dataclasses import dataclass
from typing import cast, get_args

import ase
from ase.build import bulk
from ase.data import reference_states

from potstill.data.structures import atomic_number
from potstill.errors import PotstillError, setting_name
from potstill.settings import ATOMS_PER_CELL, IDEAL_C_OVER_A, CrystalName, ElementGiven
from potstill.settings.atomic_size import atomic_length_A
from potstill.settings.crystals import volume_per_atom_A3

# Lengths that a lattice constant may give, in those of ASE's crystal of the element. Potentials
# differ by a few per cent; a bcc constant taken for fcc gives 0.79, neighbours' distance 0.71.
LENGTHS = (0.83, 1.2)


@dataclass(frozen=True)
class MetalCrystal:
    """An element's crystal. c_over_a: of hcp, None for the cubic ones."""

    symbol: str
    structure: CrystalName
    lattice_constant_A: float
    c_over_a: float | None = None

    @property
    def volume_A3(self) -> float:
        """Volume of an atom."""
        return volume_per_atom_A3(self.structure, self.lattice_constant_A, self.c_over_a)

    @property
    def nearest_A(self) -> float:
        """Distance of nearest neighbours."""
        if self.c_over_a is not None:
            between = math.sqrt(1 / 3 + self.c_over_a**2 / 4)
            return self.lattice_constant_A * min(1, between)
        return (
            self.lattice_constant_A
            * {"fcc": 1 / math.sqrt(2), "bcc": math.sqrt(3) / 2}[self.structure]
        )

    def __str__(self) -> str:
        """Return it in words."""
        ratio = f", c/a {self.c_over_a:.4g}" if self.c_over_a is not None else ""
        return (
            f"{self.structure} {self.symbol}, lattice constant {self.lattice_constant_A:g} A{ratio}"
        )


def metal_crystal(
    symbol: str,
    structure: CrystalName | None = None,
    lattice_constant_A: float | None = None,
    c_over_a: float | None = None,
    *,
    place: str | None = None,
) -> MetalCrystal:
    """Return the crystal that is asked for, with what is None from ASE's crystal of the element.

    place: the section of the configuration that asks, for errors; None for the command line.

    ASE's numbers are taken where its crystal is the one asked for; c/a of another hcp is ideal.
    Raises PotstillError, naming the argument, for no chemical symbol, for what ASE does not know,
    for a c/a of a cubic crystal, and for lengths that atoms of the element do not have.
    """
    reference = reference_states[atomic_number(symbol)] or {}
    known = reference.get("symmetry")
    if structure is None:
        if known not in get_args(CrystalName):
            raise PotstillError(
                f"no crystal of {symbol} is known that is fcc, bcc or hcp; choose one with "
                f"{setting_name(place, 'crystal')}, and give its "
                f"{setting_name(place, 'lattice_constant_A')}"
            )
        structure = cast(CrystalName, known)
    if lattice_constant_A is None:
        if structure != known:
            raise PotstillError(
                f"no lattice constant of {structure} {symbol} is known; give it, in A, with "
                f"{setting_name(place, 'lattice_constant_A')}"
            )
        lattice_constant_A = float(reference["a"])
    if structure != "hcp" and c_over_a is not None:
        raise PotstillError(
            f"{setting_name(place, 'c_over_a')}: {structure} is cubic; leave it out, or set "
            f"{setting_name(place, 'crystal')} to hcp"
        )
    if structure == "hcp" and c_over_a is None:
        c_over_a = float(reference["c/a"]) if known == "hcp" else IDEAL_C_OVER_A
    return _checked(MetalCrystal(symbol, structure, lattice_constant_A, c_over_a), place)


def conventional_cell(
    symbol: str, structure: CrystalName, volume_A3: float, c_over_a: float | None = None
) -> ase.Atoms:
    """Return the cubic cell, or of hcp that of four atoms with the edges a, sqrt(3) a and c.

    volume_A3: of an atom; c_over_a: of hcp alone, None for the ideal one.
    """
    if structure == "hcp":
        ratio = c_over_a or IDEAL_C_OVER_A
        a = (4 * volume_A3 / (math.sqrt(3) * ratio)) ** (1 / 3)
        return bulk(symbol, "hcp", a=a, c=a * ratio, orthorhombic=True)
    a = (ATOMS_PER_CELL[structure] * volume_A3) ** (1 / 3)
    return bulk(symbol, structure, a=a, cubic=True)


def crystal_of(symbol: str, given: ElementGiven) -> MetalCrystal:
    """Return an element's crystal as a configuration has it, see `metal_crystal`."""
    place = f"elements.{symbol}"
    lengths = given.lattice_constant_A, given.c_over_a
    return metal_crystal(symbol, given.structure, *lengths, place=place)


def _checked(crystal: MetalCrystal, place: str | None) -> MetalCrystal:
    """Return the crystal; PotstillError where its atoms are much too small or too large."""
    length = crystal.volume_A3 ** (1 / 3) / atomic_length_A(crystal.symbol)
    if not LENGTHS[0] <= length <= LENGTHS[1]:
        blamed = setting_name(place, "lattice_constant_A")
        if crystal.c_over_a:
            blamed += f" or {setting_name(place, 'c_over_a')}"
        raise PotstillError(
            f"{blamed}: {crystal} would have nearest neighbours {crystal.nearest_A:.3g} A apart, "
            f"and lengths {length:.2f} times those known of {crystal.symbol}; give the edge of the "
            f"cube (of hcp: a) in A, and its {setting_name(place, 'crystal')}"
        )
    return crystal
