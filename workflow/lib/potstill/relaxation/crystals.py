"""The perfect crystals of the benchmark.

In each of them symmetry fixes every fractional coordinate, so only the cell can relax.
"""

from dataclasses import dataclass
from math import sqrt

import ase
import ase.build

from potstill.data.structures import atomic_number
from potstill.foundation.metal_crystal import IDEAL_C_OVER_A
from potstill.report.read_results import BCC, FCC, HCP, HCP_HELD

# hexagonal cells along x, orthorhombic ones along y and z: 3 x 2 x 2 x 4 = 48 atoms
_HCP_REPEAT = (3, 2, 2)


@dataclass(frozen=True)
class Crystal:
    """A perfect crystal and what of its cell may relax.

    structure: its name in result files; isotropic: whether the cell keeps its shape. HCP relaxes
    its c/a as well; another HCP crystal is held at c/a = sqrt(3), where published energies are.
    """

    structure: str
    atoms: ase.Atoms
    isotropic: bool

    def c_over_a(self) -> float | None:
        """Return c/a of the present cell of a hexagonal crystal, else None."""
        if self.structure not in (HCP, HCP_HELD):
            return None
        lengths = self.atoms.cell.lengths()
        return float(lengths[2] / _HCP_REPEAT[2] / (lengths[0] / _HCP_REPEAT[0]))


def build_crystals(symbol: str, volume_A3: float) -> list[Crystal]:
    """Return FCC (32 atoms), BCC (54), HCP (48) and HCP at c/a = sqrt(3), `volume_A3` an atom.

    Raises PotstillError for what is no chemical symbol.
    """
    atomic_number(symbol)
    cube = {"cubic": True, "crystalstructure": "fcc", "a": (4 * volume_A3) ** (1 / 3)}
    fcc = ase.build.bulk(symbol, **cube).repeat(2)
    cube = {"cubic": True, "crystalstructure": "bcc", "a": (2 * volume_A3) ** (1 / 3)}
    bcc = ase.build.bulk(symbol, **cube).repeat(3)
    return [
        Crystal(FCC, fcc, isotropic=True),
        Crystal(BCC, bcc, isotropic=True),
        Crystal(HCP, _hcp(symbol, volume_A3, IDEAL_C_OVER_A), isotropic=False),
        Crystal(HCP_HELD, _hcp(symbol, volume_A3, sqrt(3)), isotropic=True),
    ]


def _hcp(symbol: str, volume_A3: float, c_over_a: float) -> ase.Atoms:
    """Return the orthorhombic cell (a, sqrt(3) a, c) with four atoms, repeated to 48."""
    a = (4 * volume_A3 / (sqrt(3) * c_over_a)) ** (1 / 3)
    cell = ase.build.bulk(symbol, "hcp", a=a, c=a * c_over_a, orthorhombic=True)
    return cell.repeat(_HCP_REPEAT)
