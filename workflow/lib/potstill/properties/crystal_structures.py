"""FCC, BCC and HCP: energies above the metal's own crystal, and volumes, relaxed."""

from potstill.errors import PotstillError
from potstill.properties import Conditions, Measured, Value
from potstill.properties.metal import Metal
from potstill.properties.stacking_order import close_packed
from potstill.relaxation.crystals import Crystal, conventional_cell
from potstill.relaxation.relax import relax
from potstill.settings import CrystalName


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
    structure: CrystalName = "fcc" if name == "FCC" else "bcc"
    cell = conventional_cell(metal.symbol, structure, metal.reference_volume_A3)
    return Crystal(name, cell, isotropic=True)
