"""FCC, BCC and HCP: energies above the metal's own crystal, and volumes, relaxed."""

from typing import get_args

from potstill.errors import PotstillError
from potstill.foundation.metal_crystal import conventional_cell
from potstill.properties import Conditions, Measured, Value
from potstill.properties.metal import Metal
from potstill.relaxation.crystals import Crystal
from potstill.relaxation.relax import relax
from potstill.settings import CrystalName


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return them, from small cells; the edges of HCP relax freely."""
    values, own = [], metal.structure.upper()
    for structure in get_args(CrystalName):
        cell = conventional_cell(metal.symbol, structure, metal.reference_volume_A3)
        name = structure.upper()
        found = relax(Crystal(name, cell, isotropic=structure != "hcp"), metal.calculator)
        if not found.converged:
            raise PotstillError(f"{name} does not relax")
        above = 1e3 * (found.energy_eV_per_atom - metal.energy_eV)
        if name != own:
            values.append(Value(f"{name} above {own}", "meV/atom", above))
        values.append(Value(f"{name}, volume of an atom", "A^3", found.volume_A3_per_atom))
    return Measured(values)
