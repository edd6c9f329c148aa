"""Elastic constants by linear fits of stress to strain: C11, C12, C44, of hcp C13 and C33 too."""

from typing import Any

from ase import units
from ase.optimize import LBFGS
from matscipy.elasticity import fit_elastic_constants

from potstill.properties import Conditions, Measured, Value
from potstill.properties.metal import FORCE_LIMIT, Metal

# Nine strains of each kind, up to 0.8%: tabulated potentials have jumps of curvature that smaller
# ones would see.
STEPS, INCREMENT = 9, 0.002
# Which there are, by their places. Atoms of hcp move within the strained cell, those of cubic
# crystals with one atom in the primitive cell do not.
CUBIC = {"C11": (0, 0), "C12": (0, 1), "C44": (3, 3)}
HCP = CUBIC | {"C13": (0, 2), "C33": (2, 2)}


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return them by matscipy's fit."""
    wanted, kind = CUBIC, dict[str, Any](symmetry="cubic")
    if metal.structure == "hcp":
        wanted, kind = HCP, {"symmetry": "hexagonal", "optimizer": LBFGS, "fmax": FORCE_LIMIT}
    c, _ = fit_elastic_constants(
        metal.crystal(), N_steps=STEPS, delta=INCREMENT, verbose=False, **kind
    )
    return Measured(
        [Value(name, "GPa", c[place] / units.GPa) for name, place in sorted(wanted.items())]
    )
