"""Relax the cell of a perfect crystal with any ASE calculator.

Frames, whose atoms and cells go where their forces lead, are for `batch`, or for ASE's optimisers
with a calculator that is no ensemble.
"""

from dataclasses import dataclass

import ase
import numpy as np
from ase.calculators.calculator import Calculator
from ase.filters import StrainFilter
from ase.neighborlist import neighbor_list
from ase.optimize import BFGS
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.relaxation.crystals import Crystal

# Derivative of the energy by strain, eV an atom; lengths are then good to 1e-5 A.
VIRIAL_LIMIT = 1e-4
# First guess of the second derivative, eV an atom: three times bulk modulus and volume.
STIFFNESS = 40.0
LARGEST_STRAIN_STEP = 0.02
# Symmetry makes the atoms' forces zero; more than a calculator's rounding breaks the crystal.
ROUNDING = 1e-3
STEP_LIMIT = 400
# A cell beyond these multiples of its first volume has left what any metal's crystal can be.
VOLUME_RANGE = (0.4, 2.5)


@dataclass(frozen=True)
class Relaxed:
    """A relaxed crystal, or the last sane state of one that did not converge.

    bond_length_A: nearest-neighbour distance; largest_force_eV_per_A: of any atom, which symmetry
    should make zero; steps: of the optimiser.
    """

    bond_length_A: float
    energy_eV_per_atom: float
    volume_A3_per_atom: float
    c_over_a: float | None
    largest_force_eV_per_A: float
    converged: bool
    steps: int


def relax(crystal: Crystal, calculator: Calculator) -> Relaxed:
    """Relax the crystal's cell in place: its volume if isotropic, else its three edges.

    Fractional coordinates are held where symmetry puts them, because rounding would otherwise lead
    the mechanically unstable crystals (BCC Ni and Al) astray. BFGS on the strain until its forces
    are below `VIRIAL_LIMIT`. Running out of `STEP_LIMIT` steps, leaving `VOLUME_RANGE`, a value
    that is not finite and forces on the atoms all give converged = False.

    Raises PotstillError when the calculator gives no finite energy for the first crystal.
    """
    atoms = crystal.atoms
    atoms.calc = calculator
    if not _finite(atoms):
        raise PotstillError(
            f"{crystal.structure} {atoms.symbols[0]}: the calculator's energy, forces or stress of "
            "the unrelaxed crystal are not finite; train the model anew"
        )
    converged, steps = _minimise(crystal)
    force = float(np.abs(atoms.get_forces()).max())
    return Relaxed(
        bond_length_A=bond_length(atoms),
        energy_eV_per_atom=float(atoms.get_potential_energy()) / len(atoms),
        volume_A3_per_atom=float(atoms.get_volume()) / len(atoms),
        c_over_a=crystal.c_over_a(),
        largest_force_eV_per_A=force,
        converged=converged and force < ROUNDING,
        steps=steps,
    )


class _CellFilter(StrainFilter):
    """The strain along the cell's edges: one for all of an isotropic crystal, else one for each."""

    def __init__(self, crystal: Crystal) -> None:
        super().__init__(crystal.atoms, mask=[True, True, True, False, False, False])
        self.isotropic = crystal.isotropic

    def get_forces(self, **kwargs: object) -> NDArray[np.float64]:
        forces: NDArray[np.float64] = super().get_forces(**kwargs)
        if self.isotropic:
            forces[0] = forces[0].mean()
        return forces


def _minimise(crystal: Crystal) -> tuple[bool, int]:
    """Relax until converged, out of steps, or astray; return (converged, steps)."""
    atoms = crystal.atoms
    first = atoms.get_volume()
    sane = atoms.cell.copy()
    optimiser = BFGS(
        _CellFilter(crystal),
        logfile=None,
        alpha=STIFFNESS * len(atoms),
        maxstep=LARGEST_STRAIN_STEP,
    )
    low, high = VOLUME_RANGE
    for converged in optimiser.irun(fmax=VIRIAL_LIMIT * len(atoms), steps=STEP_LIMIT):
        if not low < atoms.get_volume() / first < high or not _finite(atoms):
            atoms.set_cell(sane, scale_atoms=True)
            break
        if converged:
            return True, int(optimiser.nsteps)
        sane = atoms.cell.copy()
    return False, int(optimiser.nsteps)


def bond_length(atoms: ase.Atoms) -> float:
    """Return the shortest distance (A) between any two atoms, images included."""
    # twice the cube root of an atom's volume is beyond the nearest neighbour in any packing
    reach = 2 * (atoms.get_volume() / len(atoms)) ** (1 / 3)
    return float(neighbor_list("d", atoms, reach).min())


def _finite(atoms: ase.Atoms) -> bool:
    forces = atoms.get_forces()
    values = [atoms.get_potential_energy(), *forces.ravel(), *atoms.get_stress()]
    return bool(np.isfinite(values).all())
