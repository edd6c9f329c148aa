"""The perfect crystals of the benchmark.

In each of them symmetry fixes every fractional coordinate, so only the cell can relax.
"""

from dataclasses import dataclass
from math import sqrt

import ase

from potstill.data.structures import atomic_number
from potstill.foundation.metal_crystal import conventional_cell
from potstill.report.read_results import BCC, FCC, HCP, HCP_HELD

# hexagonal cells along x, orthorhombic ones along y and z: 3 x 2 x 2 x 4 = 48 atoms
_HCP_REPEAT = (3, 2, 2)


@dataclass(frozen=True)
class Crystal:
    """A perfect crystal and what of its cell may relax.

    structure: its name in result files; isotropic: whether the cell keeps its shape; repeat: how
    many conventional cells along each edge. HCP relaxes its c/a as well; another HCP crystal is
    held at c/a = sqrt(3), where published energies are.
    """

    structure: str
    atoms: ase.Atoms
    isotropic: bool
    repeat: tuple[int, int, int] = (1, 1, 1)

    def c_over_a(self) -> float | None:
        """Return c/a of the present cell of a hexagonal crystal, else None."""
        if self.structure not in (HCP, HCP_HELD):
            return None
        lengths = self.atoms.cell.lengths() / self.repeat
        return float(lengths[2] / lengths[0])


def build_crystals(symbol: str, volume_A3: float) -> list[Crystal]:
    """Return FCC (32 atoms), BCC (54), HCP (48) and HCP at c/a = sqrt(3), `volume_A3` an atom.

    Raises PotstillError for what is no chemical symbol.
    """
    atomic_number(symbol)
    fcc = conventional_cell(symbol, "fcc", volume_A3).repeat(2)
    bcc = conventional_cell(symbol, "bcc", volume_A3).repeat(3)
    hcp, held = (
        conventional_cell(symbol, "hcp", volume_A3, c_over_a).repeat(_HCP_REPEAT)
        for c_over_a in (None, sqrt(3))
    )
    return [
        Crystal(FCC, fcc, isotropic=True),
        Crystal(BCC, bcc, isotropic=True),
        Crystal(HCP, hcp, isotropic=False, repeat=_HCP_REPEAT),
        Crystal(HCP_HELD, held, isotropic=True, repeat=_HCP_REPEAT),
    ]
