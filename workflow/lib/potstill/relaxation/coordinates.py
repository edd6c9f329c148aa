"""Generalised coordinates of many cells: the atoms' positions, and with them the cell's shape.

With a variable cell they are those of Tadmor, Smith, Bernstein and Kaxiras, Phys. Rev. B 59, 235
(1999), as in ASE's UnitCellFilter: positions X and a deformation A, with atoms at X A in the cell
C0 A (rows are vectors). For the strain derivative W = V stress, dE/dX = -f A^T, dE/dA = A^-T W.

Where a cell is open in some direction, A is the identity but in the plane P of the periodic
vectors (or along the one), which W is projected onto; vectors of open directions stay.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from potstill.data.geometry import SMALLEST_VOLUME_A3, completed
from potstill.data.structures import Floats, Indices, Mask, Structures
from potstill.relaxation.relax import LARGEST_STRAIN_STEP, VOLUME_RANGE

# structures of one size -> energy (F,) eV, forces (A, 3) eV/A, stress (F, 3, 3) eV/A^3, positive
# under tension; a structure that breaks down has values that are not finite
Evaluate = Callable[[Structures], tuple[Floats, Floats, Floats]]

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

    def rows(self, chosen: Mask | Indices) -> "Points":
        """Return a copy of some of them."""
        return Points(*(array[chosen] for array in vars(self).values()))

    def put(self, rows: Mask | Indices, others: "Points") -> None:
        """Replace these rows by the others, in order."""
        for name, array in vars(self).items():
            array[rows] = vars(others)[name]

    def finite(self) -> Mask:
        """Return which have an energy and forces, (F,)."""
        return np.isfinite(self.energy) & np.isfinite(self.gradient).all(axis=1)


def periodic_planes(structures: Structures) -> Floats:
    """Return projectors (F, 3, 3) onto what each structure's periodic vectors span."""
    planes = np.tile(np.eye(3), (len(structures), 1, 1))
    for f in np.flatnonzero(~structures.pbc.all(axis=1)):
        vectors = structures.cell[f][structures.pbc[f]]
        planes[f] = np.linalg.pinv(vectors) @ vectors
    return planes


class Space:
    """The coordinates of F structures of one size, from where they start.

    planes: see `periodic_planes`; None for cells that stay as they are.
    """

    def __init__(self, first: Structures, planes: Floats | None) -> None:
        self.first, self.planes = first, planes
        self.start = first.positions.reshape(len(first), -1)
        self.of_atoms = self.start.shape[1]
        if planes is not None:
            self.first = _with_volume(first)
            identity = np.tile(np.eye(3).ravel(), (len(first), 1))
            self.start = np.hstack([self.start, identity])

    def structures(self, coordinates: Floats, rows: Indices) -> Structures:
        """Return the structures `rows` at these coordinates."""
        first = self.first.structures(rows)
        x = coordinates[:, : self.of_atoms].reshape(len(rows), -1, 3)
        if self.planes is None:
            return replace(first, positions=x.reshape(-1, 3))
        deformation = self._deformation(coordinates)
        cell = np.where(first.pbc[:, :, None], first.cell @ deformation, first.cell)
        return replace(first, positions=(x @ deformation).reshape(-1, 3), cell=cell)

    def evaluated(self, evaluate: Evaluate, coordinates: Floats, rows: Indices) -> Points:
        """Evaluate the structures `rows`; those that have run away get what are no numbers."""
        sane = self._sane(coordinates)
        points = Points(coordinates.copy(), *(np.full(s, np.nan) for s in _shapes(coordinates)))
        if sane.any():
            u = coordinates[sane]
            there = self.structures(u, rows[sane])
            energy, by_atom, stress = evaluate(there)
            forces = there.dense(by_atom)
            largest = np.linalg.norm(forces, axis=2).max(axis=1)
            gradient = -forces
            if self.planes is not None:
                virial = stress * there.volume[:, None, None]
                virial = _projected(virial, self.planes[rows[sane]], there.pbc)
                row = np.linalg.norm(virial, axis=2).max(axis=1) / there.atoms
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
        if self.planes is not None:
            strain = np.abs(step[:, self.of_atoms :]).max(axis=1)
            excess = np.maximum(excess, strain / LARGEST_STRAIN_STEP)
        return step / np.maximum(excess, 1)[:, None]

    def _deformation(self, coordinates: Floats) -> Floats:
        return coordinates[:, self.of_atoms :].reshape(-1, 3, 3)

    def _sane(self, coordinates: Floats) -> Mask:
        """Return which cells have neither lost a number nor left the range of volumes."""
        finite: Mask = np.all(np.isfinite(coordinates), axis=1)
        if self.planes is None:
            return finite
        deformation = np.where(finite[:, None, None], self._deformation(coordinates), 0)
        stretch = np.linalg.svd(deformation, compute_uv=False)
        low, high = VOLUME_RANGE
        volume = np.linalg.det(deformation)
        # no direction may go further than the volume either, or a sheared cell becomes a needle
        inside = (stretch > low) & (stretch < high)
        return finite & inside.all(axis=1) & (low < volume) & (volume < high)


def _with_volume(structures: Structures) -> Structures:
    """Return structures whose stress has a meaning: open directions get vectors where they lack."""
    flat: Mask = structures.pbc.any(axis=1) & (structures.volume < SMALLEST_VOLUME_A3)
    whole = completed(structures.cell, structures.pbc)
    cell = np.where(flat[:, None, None], whole, structures.cell)
    return replace(structures, cell=cell)


def _projected(virial: Floats, planes: Floats, pbc: Mask) -> Floats:
    """Return the virials (F, 3, 3) in the planes; zero where no direction is periodic."""
    if pbc.all():
        return virial
    periodic: Mask = np.any(pbc, axis=1)
    return np.where(periodic[:, None, None], planes @ virial @ planes, 0.0)


def _shapes(coordinates: Floats) -> tuple[tuple[int, ...], ...]:
    """Return the shapes of energy, gradient and largest force."""
    count = len(coordinates)
    return (count,), coordinates.shape, (count,)
