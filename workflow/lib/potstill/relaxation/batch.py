"""Relax many periodic cells of one element and size at once, each to its own minimum.

Quasi-Newton steps (`lbfgs`) from a model Hessian (`springs`), shortened where the energy rose
instead of falling (Armijo's condition, with a parabola through both energies and the slope). All
cells that are still on their way are evaluated together; those that have converged leave. What
becomes of a cell does not depend on the others, but for rounding in the evaluation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from potstill.data.geometry import check_geometry
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.predict import predict_arrays
from potstill.relaxation.coordinates import Evaluate, Floats, Mask, Points, Space
from potstill.relaxation.lbfgs import History
from potstill.relaxation.springs import inverse_hessians

# Share of what the slope promises that a step has to gain.
_DECREASE = 1e-4
# Rises below this are rounding, eV: tabulated potentials have jumps of that size.
_SLACK_EV = 1e-7
# Between these a step is shortened.
_SHORTEST, _LONGEST = 0.1, 0.5
# Numbers of the model Hessians in memory at a time: 256 MB.
_HESSIAN_NUMBERS = 2**25


@dataclass(frozen=True)
class BatchRelaxed:
    """F relaxed cells; one that did not converge is left in its last sane state.

    positions (F, N, 3), not wrapped, and cell (F, 3, 3), A; energy (F,), eV; largest_force (F,):
    what was compared with fmax, see `coordinates.Points`; converged (F,); steps (F,): evaluations
    after the first. Energy and force are not numbers where even the first state had none.
    """

    positions: Floats
    cell: Floats
    energy: Floats
    largest_force: Floats
    converged: Mask
    steps: NDArray[np.int64]


def relax_batch(
    ensemble: Ensemble,
    cells: Sequence[Atoms],
    *,
    fmax: float,
    steps: int,
    relax_cell: bool = False,
    threads: int = 1,
) -> BatchRelaxed:
    """Relax F periodic cells of the ensemble's element, of N atoms each; `cells` stay as they are.

    Until no force exceeds fmax, eV/A, in at most `steps` steps; with `relax_cell` all components
    of the strain relax as well, and no row of the virial may exceed fmax an atom, as in ASE's
    filters. Constraints are not looked at. Raises PotstillError, naming the cell, for another
    element, for a cell that is not periodic and for what cannot be evaluated, and for cells of
    different numbers of atoms.
    """
    positions, cell = _arrays(cells, ensemble.symbol)

    def evaluate(positions: Floats, cell: Floats) -> tuple[Floats, Floats, Floats]:
        return _predicted(ensemble, positions, cell, threads)

    return minimise(evaluate, positions, cell, fmax=fmax, steps=steps, relax_cell=relax_cell)


def minimise(
    evaluate: Evaluate,
    positions: Floats,
    cell: Floats,
    *,
    fmax: float,
    steps: int,
    relax_cell: bool = False,
) -> BatchRelaxed:
    """Relax F cells, positions (F, N, 3) and cell (F, 3, 3), A, with any function of them.

    See `relax_batch`. Raises PotstillError for arrays that are no such cells.
    """
    positions, cell = _checked(positions, cell)
    coordinates = positions[0].size + 9 * relax_cell
    size = max(1, _HESSIAN_NUMBERS // coordinates**2)
    parts = []
    for first in range(0, len(positions), size):
        part = slice(first, first + size)
        space = Space(positions[part], cell[part], relax_cell=relax_cell)
        history = History.start(
            inverse_hessians(positions[part], cell[part], relax_cell=relax_cell)
        )
        parts.append(_descend(evaluate, space, history, fmax, steps))
    names = [field.name for field in fields(BatchRelaxed)]
    return BatchRelaxed(*(np.concatenate([vars(part)[name] for part in parts]) for name in names))


def _descend(
    evaluate: Evaluate, space: Space, history: History, fmax: float, steps: int
) -> BatchRelaxed:
    """Relax all cells of the space."""
    index = np.arange(len(space.start))
    final = space.evaluated(evaluate, space.start, index)
    taken = np.zeros(len(index), dtype=np.int64)
    here = final.rows(index)
    step = space.limited(history.newton_step(here.gradient))
    going = here.finite() & (here.largest_force >= fmax)
    for number in range(1, steps + 1):
        if not going.all():
            index, here, step = index[going], here.rows(going), step[going]
            history.keep(going)
        if not len(index):
            break
        there = space.evaluated(evaluate, here.coordinates + step, index)
        fraction = _fraction(here, there, step)
        better = fraction == 1
        history.add(step, there.gradient - here.gradient, better)
        here.put(better, there.rows(better))
        final.put(index, here)
        taken[index] = number
        going = there.finite() & (here.largest_force >= fmax)
        newton = space.limited(history.newton_step(here.gradient))
        step = np.where(better[:, None], newton, fraction[:, None] * step)
    positions, cell = space.geometry(final.coordinates, np.arange(len(taken)))
    largest = final.largest_force
    return BatchRelaxed(positions, cell, final.energy, largest, largest < fmax, taken)


def _fraction(here: Points, there: Points, step: Floats) -> Floats:
    """Return 1 for steps that lowered the energy enough, else the fraction of them to try (F,)."""
    slope = (here.gradient * step).sum(axis=1)
    rise = there.energy - here.energy
    least = slope / (2 * np.minimum(slope - rise, -_SLACK_EV))
    good = rise <= _DECREASE * slope + _SLACK_EV
    return np.where(good, 1.0, np.clip(least, _SHORTEST, _LONGEST))


def _predicted(
    ensemble: Ensemble, positions: Floats, cell: Floats, threads: int
) -> tuple[Floats, Floats, Floats]:
    """Return mean energy, forces and stress; cells whose descriptors break down get NaN."""
    try:
        found = predict_arrays(ensemble, positions, cell, forces=True, threads=threads)
    except PotstillError:
        if len(positions) == 1:
            return np.full(1, np.nan), np.full_like(positions, np.nan), np.full_like(cell, np.nan)
        one_by_one = [
            _predicted(ensemble, positions[k : k + 1], cell[k : k + 1], threads)
            for k in range(len(positions))
        ]
        energy, forces, stress = (
            np.concatenate(arrays) for arrays in zip(*one_by_one, strict=True)
        )
        return energy, forces, stress
    assert found.forces is not None and found.stress is not None
    return found.energy, found.forces, found.stress


def _arrays(cells: Sequence[Atoms], symbol: str) -> tuple[Floats, Floats]:
    """Return positions and cell of the cells; PotstillError where they don't go together."""
    if isinstance(cells, Atoms) or not all(isinstance(atoms, Atoms) for atoms in cells):
        raise PotstillError("cells to relax: give a list of ASE's Atoms, which name their element")
    if not cells:
        raise PotstillError("cells to relax: the list is empty; give at least one")
    for k, atoms in enumerate(cells):
        others = set(atoms.get_chemical_symbols()) - {symbol}
        if others:
            raise PotstillError(
                f"this model is for {symbol}, cell {k} holds {', '.join(sorted(others))}; "
                "give cells of the model's element"
            )
        if not atoms.pbc.all():
            raise PotstillError(f"cell {k} is not periodic in all three directions; set its pbc")
        if len(atoms) != len(cells[0]):
            raise PotstillError(
                f"cell {k} has {len(atoms)} atoms, cell 0 has {len(cells[0])}; relax cells of one "
                "size together"
            )
    return np.stack([a.positions for a in cells]), np.stack([np.asarray(a.cell) for a in cells])


def _checked(positions: Floats, cell: Floats) -> tuple[Floats, Floats]:
    """Return both as arrays of float64; PotstillError where they are not F periodic cells."""
    try:
        positions, cell = (np.asarray(array, dtype=np.float64) for array in (positions, cell))
    except ValueError:
        raise PotstillError(
            "cells to relax: lists of different lengths; give positions (F, N, 3) and cell "
            "(F, 3, 3), of one number of atoms"
        ) from None
    if (
        positions.ndim != 3
        or not len(positions)
        or positions.shape[2] != 3
        or cell.shape != (len(positions), 3, 3)
    ):
        raise PotstillError(
            f"cells to relax: positions of shape {positions.shape} and cell of shape {cell.shape}; "
            "give positions (F, N, 3) and cell (F, 3, 3) of at least one cell"
        )
    check_geometry(positions, cell, what="cell")
    return positions, cell
