"""Elastic constants C11, C12, C44 of the cubic crystal, by linear fits of stress to strain."""

from ase import units
from matscipy.elasticity import fit_elastic_constants

from potstill.properties import Conditions, Measured, Value
from potstill.properties.metal import Metal

# Nine strains of each kind, up to 0.8%: tabulated potentials have jumps of curvature that smaller
# ones would see. No atom of these crystals moves within its cell.
STEPS, INCREMENT = 9, 0.002


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return them by matscipy's fit."""
    c, _ = fit_elastic_constants(
        metal.crystal(), symmetry="cubic", N_steps=STEPS, delta=INCREMENT, verbose=False
    )
    c = c / units.GPa
    return Measured(
        [
            Value("C11", "GPa", c[0, 0]),
            Value("C12", "GPa", c[0, 1]),
            Value("C44", "GPa", c[3, 3]),
        ]
    )
