"""Equation of state: lattice constants, energy, bulk modulus, and the whole curve E(V).

The crystal keeps its c/a along the curve.
"""

import numpy as np
from ase import units
from ase.eos import EquationOfState
from numpy.typing import NDArray

from potstill.properties import Conditions, Curves, Measured, Value
from potstill.properties.metal import Metal

Floats = NDArray[np.float64]

# Volumes of the curve, in units of the configuration's volume of an atom; as in the Delta gauge of
# Lejaeghere et al., Crit. Rev. Solid State 39, 1 (2014).
CURVE = np.linspace(0.94, 1.06, 13)
# Volumes of the fit, in units of the crystal's own: further out it is no measure of the curvature.
FIT = np.linspace(0.98, 1.02, 5)


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return them, with the bulk modulus of a Birch-Murnaghan fit about the minimum."""
    volumes = CURVE * metal.reference_volume_A3
    around = FIT * metal.volume_A3
    fit = EquationOfState(around, _energies(metal, around), eos="birchmurnaghan")
    _, _, bulk_modulus = fit.fit()
    ratio = [] if metal.c_over_a is None else [Value("c/a", "1", metal.c_over_a)]
    return Measured(
        [
            Value("lattice constant", "A", metal.lattice_constant_A),
            *ratio,
            Value("energy of an atom", "eV", metal.energy_eV),
            Value("bulk modulus", "GPa", bulk_modulus / units.GPa),
        ],
        {
            "volume_A3_per_atom": volumes.tolist(),
            "energy_above_minimum_eV_per_atom": (
                _energies(metal, volumes) - metal.energy_eV
            ).tolist(),
        },
    )


def compare(curves: Curves, reference: Curves) -> list[Value]:
    """Return the rms difference of the curves over their volumes, each above its own minimum."""
    name = "energy_above_minimum_eV_per_atom"
    difference = np.subtract(curves[name], reference[name])
    return [Value("E(V), rms difference", "meV/atom", 1e3 * np.sqrt(np.mean(difference**2)))]


def _energies(metal: Metal, volumes: Floats) -> Floats:
    """Return the energies of an atom (eV) at these volumes of an atom, A^3."""
    cells = [metal.crystal(volume) for volume in volumes]
    return np.array([cell.get_potential_energy() / len(cell) for cell in cells])
