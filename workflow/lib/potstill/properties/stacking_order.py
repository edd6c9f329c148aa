"""Stacking order: energies of HCP (AB) and DHCP (ABAC) above FCC (ABC), relaxed."""

from math import sqrt

import ase

from potstill.errors import PotstillError
from potstill.properties import Conditions, Measured, Value
from potstill.properties.metal import Metal
from potstill.relaxation.crystals import Crystal
from potstill.relaxation.relax import relax
from potstill.settings import IDEAL_C_OVER_A

STACKINGS = {"FCC": "ABC", "HCP": "AB", "DHCP": "ABAC"}


def close_packed(symbol: str, stacking: str, volume_A3: float) -> ase.Atoms:
    """Return the orthorhombic cell (a, sqrt(3) a, h) of layers in this order, two atoms each.

    As in a packing of spheres, with `volume_A3` an atom.
    """
    layers = len(stacking)
    a = (sqrt(2) * volume_A3) ** (1 / 3)
    scaled = [
        (x, (y + "ABC".index(layer) / 3) % 1, k / layers)
        for k, layer in enumerate(stacking)
        for x, y in ((0.0, 0.0), (0.5, 0.5))
    ]
    cell = (a, sqrt(3) * a, layers * IDEAL_C_OVER_A / 2 * a)
    return ase.Atoms([symbol] * len(scaled), scaled_positions=scaled, cell=cell, pbc=True)


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return them; the edges of HCP and DHCP relax freely, atoms are where symmetry puts them."""
    energy = {}
    for name, stacking in STACKINGS.items():
        atoms = close_packed(metal.symbol, stacking, metal.reference_volume_A3)
        found = relax(Crystal(name, atoms, isotropic=name == "FCC"), metal.calculator)
        if not found.converged:
            raise PotstillError(f"{name} does not relax")
        energy[name] = found.energy_eV_per_atom
    return Measured(
        [
            Value(f"{name} above FCC", "meV/atom", 1e3 * (energy[name] - energy["FCC"]))
            for name in ("HCP", "DHCP")
        ]
    )
