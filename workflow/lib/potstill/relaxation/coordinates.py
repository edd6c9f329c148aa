"""Generalised coordinates of many cells: the atoms' positions, and with them the cell's shape.

With a variable cell they are those of Tadmor, Smith, Bernstein and Kaxiras, Phys. Rev. B 59, 235
(1999), as in ASE's UnitCellFilter: positions X and a deformation A, with atoms at X A in the cell
C0 A (rows are vectors). For the strain derivative W = V stress, dE/dX = -f A^T, dE/dA = A^-T W.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from potstill.relaxation.relax import LARGEST_STRAIN_STEP, VOLUME_RANGE

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
# positions (F, N, 3) and cell (F, 3, 3), A -> energy (F,) eV, forces (F, N, 3) eV/A, stress
# (F, 3, 3) eV/A^3, positive under tension; a cell that breaks down has values that are not finite
Evaluate = Callable[[Floats, Floats], tuple[Floats, Floats, Floats]]

# No atom moves further in one step, A; ASE's maxstep.
LARGEST_STEP_A = 0.2


@dataclass
class Points:
    """F cells: coordinates (F, n), energy (F,) eV, gradient (F, n), largest force (F,) eV/A.

    The largest force is that of any atom or, in a variable cell, the largest row of the virial an
    atom, eV, as in ASE's filters.
    """

    coordinates: Floats
    energy: Floats
    gradient: Floats
    largest_force: Floats

    def rows(self, chosen: Mask | Rows) -> "Points":
        """Return a copy of some of them."""
        return Points(*(array[chosen] for array in vars(self).values()))

    def put(self, rows: Mask | Rows, others: "Points") -> None:
        """Replace these rows by the others, in order."""
        for name, array in vars(self).items():
            array[rows] = vars(others)[name]

    def finite(self) -> Mask:
        """Return which have an energy and forces, (F,)."""
        return np.isfinite(self.energy) & np.isfinite(self.gradient).all(axis=1)


class Space:
    """The coordinates of the cells that start at positions (F, N, 3) in cell (F, 3, 3), A."""

    def __init__(self, positions: Floats, cell: Floats, *, relax_cell: bool) -> None:
        self.first_cell, self.relax_cell = cell, relax_cell
        self.start = positions.reshape(len(positions), -1)
        self.of_atoms = self.start.shape[1]
        if relax_cell:
            identity = np.tile(np.eye(3).ravel(), (len(positions), 1))
            self.start = np.hstack([self.start, identity])

    def geometry(self, coordinates: Floats, rows: Rows) -> tuple[Floats, Floats]:
        """Return positions and cells of the cells `rows` at these coordinates."""
        x = coordinates[:, : self.of_atoms].reshape(len(rows), -1, 3)
        if not self.relax_cell:
            return x, self.first_cell[rows]
        deformation = self._deformation(coordinates)
        return x @ deformation, self.first_cell[rows] @ deformation

    def evaluated(self, evaluate: Evaluate, coordinates: Floats, rows: Rows) -> Points:
        """Evaluate the cells `rows`; those that have run away get values that are not numbers."""
        sane = self._sane(coordinates)
        points = Points(coordinates.copy(), *(np.full(s, np.nan) for s in _shapes(coordinates)))
        if sane.any():
            u = coordinates[sane]
            positions, cell = self.geometry(u, rows[sane])
            energy, forces, stress = evaluate(positions, cell)
            largest = np.linalg.norm(forces, axis=2).max(axis=1)
            gradient = -forces
            if self.relax_cell:
                virial = stress * np.abs(np.linalg.det(cell))[:, None, None]
                row = np.linalg.norm(virial, axis=2).max(axis=1) / positions.shape[1]
                largest = np.maximum(largest, row)
                transposed = self._deformation(u).transpose(0, 2, 1)
                by_shape = np.linalg.solve(transposed, virial)
                gradient = np.concatenate([-forces @ transposed, by_shape], axis=1)
            points.put(sane, Points(u, energy, gradient.reshape(len(u), -1), largest))
        return points

    def limited(self, step: Floats) -> Floats:
        """Return the steps (F, n), shortened where an atom or the cell would move too far."""
        atoms = step[:, : self.of_atoms].reshape(len(step), -1, 3)
        excess = np.linalg.norm(atoms, axis=2).max(axis=1) / LARGEST_STEP_A
        if self.relax_cell:
            strain = np.abs(step[:, self.of_atoms :]).max(axis=1)
            excess = np.maximum(excess, strain / LARGEST_STRAIN_STEP)
        return step / np.maximum(excess, 1)[:, None]

    def _deformation(self, coordinates: Floats) -> Floats:
        return coordinates[:, self.of_atoms :].reshape(-1, 3, 3)

    def _sane(self, coordinates: Floats) -> Mask:
        """Return which cells have neither lost a number nor left the range of volumes."""
        finite: Mask = np.all(np.isfinite(coordinates), axis=1)
        if not self.relax_cell:
            return finite
        deformation = np.where(finite[:, None, None], self._deformation(coordinates), 0)
        stretch = np.linalg.svd(deformation, compute_uv=False)
        low, high = VOLUME_RANGE
        volume = np.linalg.det(deformation)
        # no direction may go further than the volume either, or a sheared cell becomes a needle
        inside = (stretch > low) & (stretch < high)
        return finite & inside.all(axis=1) & (low < volume) & (volume < high)


def _shapes(coordinates: Floats) -> tuple[tuple[int, ...], ...]:
    """Return the shapes of energy, gradient and largest force."""
    count = len(coordinates)
    return (count,), coordinates.shape, (count,)
