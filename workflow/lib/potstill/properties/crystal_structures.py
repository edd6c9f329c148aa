"""FCC, BCC and HCP: energies above the metal's own crystal, and volumes, relaxed."""

from ase.build import bulk

from potstill.errors import PotstillError
from potstill.properties import Conditions, Measured, Value
from potstill.properties.metal import Metal
from potstill.properties.stacking_order import close_packed
from potstill.relaxation.crystals import Crystal
from potstill.relaxation.relax import relax
from potstill.settings import ATOMS_PER_CELL


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return them, from small cells; the edges of HCP relax freely."""
    values = []
    for name in ("FCC", "BCC", "HCP"):
        found = relax(_crystal(name, metal), metal.calculator)
        if not found.converged:
            raise PotstillError(f"{name} does not relax")
        above = 1e3 * (found.energy_eV_per_atom - metal.energy_eV)
        own = metal.structure.upper()
        if name != own:
            values.append(Value(f"{name} above {own}", "meV/atom", above))
        values.append(Value(f"{name}, volume of an atom", "A^3", found.volume_A3_per_atom))
    return Measured(values)


def _crystal(name: str, metal: Metal) -> Crystal:
    if name == "HCP":
        atoms = close_packed(metal.symbol, "AB", metal.reference_volume_A3)
        return Crystal(name, atoms, isotropic=False)
    structure = name.lower()
    a = (ATOMS_PER_CELL[structure] * metal.reference_volume_A3) ** (1 / 3)
    return Crystal(name, bulk(metal.symbol, structure, a=a, cubic=True), isotropic=True)
