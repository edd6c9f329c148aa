"""Relax many structures of any sizes and elements at once, each to its own minimum.

Quasi-Newton steps (`lbfgs`) from a model Hessian (`springs`), shortened where the energy rose
instead of falling (Armijo's condition, with a parabola through both energies and the slope). All
structures of one size that are still on their way are evaluated together; those that have converged
leave. What becomes of one does not depend on the others, but for rounding in the evaluation.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from ase import Atoms

from potstill.data.geometry import check_geometry
from potstill.data.structures import Floats, Indices, Mask, Structures
from potstill.descriptors.elements import element_numbers
from potstill.errors import PotstillError
from potstill.models.committee import Committee
from potstill.relaxation.coordinates import Evaluate, Points, Space, periodic_planes
from potstill.relaxation.finished import finished_groups
from potstill.relaxation.lbfgs import History
from potstill.relaxation.springs import inverse_hessians
from potstill.runtime.restart import Restart

# Share of what the slope promises that a step has to gain.
_DECREASE = 1e-4
# Rises below this are rounding, eV: tabulated potentials have jumps of that size.
_SLACK_EV = 1e-7
# Between these a step is shortened.
_SHORTEST, _LONGEST = 0.1, 0.5
# What is told which structures have come to their end.
Watch = Callable[[Indices], None]
# Of a group: numbers of its model Hessians in memory, 256 MB, and atoms, a few seconds' work.
_HESSIAN_NUMBERS = 2**25
_GROUP_ATOMS = 4096
# What a relaxation finds.
_RESULTS = ("positions", "cell", "energy", "largest_force", "converged", "steps")


@dataclass(frozen=True)
class BatchRelaxed(Structures):
    """F relaxed structures, not wrapped; one that did not converge is in its last sane state.

    energy (F,), eV; largest_force (F,): what was compared with fmax, see `coordinates.Points`;
    converged (F,); steps (F,): evaluations after the first. Energy and force are not numbers where
    even the first state had none. `dense(positions)` has the shape (F, N, 3) if all have one size.
    """

    energy: Floats
    largest_force: Floats
    converged: Mask
    steps: Indices


def relax_batch(
    committee: Committee,
    cells: Sequence[Atoms] | Structures,
    *,
    fmax: float,
    steps: int,
    relax_cell: bool = False,
    threads: int = 1,
    watch: Watch | None = None,
    restart: Restart | None = None,
) -> BatchRelaxed:
    """Relax F structures of the committee's elements, of any sizes; `cells` stay as they are.

    Until no force exceeds fmax, eV/A, in at most `steps` steps. With `relax_cell` the strain of the
    directions that are periodic relaxes as well, all its components, and no row of its virial may
    exceed fmax an atom, as in ASE's filters; vectors of open directions stay, and so does the cell
    of a cluster. Constraints are not looked at. A structure that breaks down does not stop the
    others. `watch` is told which have ended, each once, and first those that `restart` has kept:
    they are not relaxed again, see `finished`. Raises PotstillError, naming the structure, for
    other elements and for what cannot be evaluated, and with the reason where none of them could be
    relaxed.
    """
    structures = cells if isinstance(cells, Structures) else _structures(cells)
    check_geometry(structures, what="cell")
    element_numbers(structures, committee.elements, what="cell")
    found = minimise(
        lambda there: _predicted(committee, there, threads),
        structures,
        fmax=fmax,
        steps=steps,
        relax_cell=relax_cell,
        watch=watch,
        restart=restart,
    )
    if np.isnan(found.largest_force).all():
        committee.predict(structures.structures([0]), forces=True)  # has its error, if any has
        raise PotstillError(
            "cells to relax: the model gives no forces, or no stress, for any of them; relax them "
            "without relax_cell, or with another model"
        )
    return found


def minimise(
    evaluate: Evaluate,
    structures: Structures,
    *,
    fmax: float,
    steps: int,
    relax_cell: bool = False,
    watch: Watch | None = None,
    restart: Restart | None = None,
) -> BatchRelaxed:
    """Relax structures with any function of those of one size, see `relax_batch`.

    Raises PotstillError, naming the structure, for what cannot be evaluated.
    """
    check_geometry(structures, what="cell")
    count = len(structures)
    if not count:
        raise PotstillError("cells to relax: the list is empty; give at least one")
    found = BatchRelaxed(
        **vars(structures.structures(np.arange(count))),  # copies
        energy=np.empty(count),
        largest_force=np.empty(count),
        converged=np.empty(count, dtype=np.bool_),
        steps=np.empty(count, dtype=np.int64),
    )
    groups = list(_groups(structures, relax_cell))
    watch = watch or (lambda ended: None)
    results = {name: getattr(found, name) for name in _RESULTS}
    with finished_groups(results, restart) as finished:
        watch(np.concatenate([np.arange(0), *groups[: finished.count]]))
        for which in finished.rest(groups):
            group = structures.structures(which)
            planes = periodic_planes(group) if relax_cell else None
            space = Space(group, planes)
            history = History.start(inverse_hessians(group, planes))
            told = partial(_tell, watch, which)
            final, found.steps[which] = _descend(evaluate, space, history, fmax, steps, told)
            moved = space.structures(final.coordinates, np.arange(len(which)))
            found.positions[found.rows(which)] = moved.positions
            found.cell[which] = np.where(group.pbc[:, :, None], moved.cell, group.cell)
            found.energy[which], found.largest_force[which] = final.energy, final.largest_force
            found.converged[which] = final.largest_force < fmax
    return found


def _groups(structures: Structures, relax_cell: bool) -> Iterator[Indices]:
    """Yield which structures are relaxed at a time: of one size, in an order that they tell."""
    for size in dict.fromkeys(structures.sizes.tolist()):
        which = np.flatnonzero(structures.sizes == size)
        numbers = (3 * size + 9 * relax_cell) ** 2
        at_once = max(1, min(_GROUP_ATOMS // size, _HESSIAN_NUMBERS // numbers))
        for first in range(0, len(which), at_once):
            yield which[first : first + at_once]


def _tell(watch: Watch, which: Indices, ended: Indices) -> None:
    watch(which[ended])


def _descend(
    evaluate: Evaluate,
    space: Space,
    history: History,
    fmax: float,
    steps: int,
    watch: Watch,
) -> tuple[Points, Indices]:
    """Relax all structures of the space; return their last sane states, and the steps taken."""
    index = np.arange(len(space.start))
    final = space.evaluated(evaluate, space.start, index)
    taken = np.zeros(len(index), dtype=np.int64)
    here = final.rows(index)
    step = space.limited(history.newton_step(here.gradient))
    going = here.finite() & (here.largest_force >= fmax)
    for number in range(1, steps + 1):
        if not going.all():
            watch(index[~going])
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
    watch(index)
    return final, taken


def _fraction(here: Points, there: Points, step: Floats) -> Floats:
    """Return 1 for steps that lowered the energy enough, else the fraction of them to try (F,)."""
    slope = (here.gradient * step).sum(axis=1)
    rise = there.energy - here.energy
    least = slope / (2 * np.minimum(slope - rise, -_SLACK_EV))
    good = rise <= _DECREASE * slope + _SLACK_EV
    return np.where(good, 1.0, np.clip(least, _SHORTEST, _LONGEST))


def _predicted(
    committee: Committee, structures: Structures, threads: int
) -> tuple[Floats, Floats, Floats]:
    """Return mean energy, forces and stress; NaN for what cannot be evaluated."""
    try:
        found = committee.predict(structures, forces=True, threads=threads)
    except PotstillError:
        if len(structures) == 1:
            blank = (np.empty(1), structures.positions, structures.cell)
            energy, forces, stress = (np.full_like(array, np.nan) for array in blank)
            return energy, forces, stress
        one_by_one = [
            _predicted(committee, structures.structures([k]), threads)
            for k in range(len(structures))
        ]
        energy, forces, stress = (
            np.concatenate(arrays) for arrays in zip(*one_by_one, strict=True)
        )
        return energy, forces, stress
    assert found.forces is not None and found.stress is not None
    return found.energy, found.forces, found.stress


def _structures(cells: Sequence[Atoms]) -> Structures:
    """Return the structures of ASE's atoms; PotstillError for what are none."""
    if isinstance(cells, Atoms) or not all(isinstance(atoms, Atoms) for atoms in cells):
        raise PotstillError("cells to relax: give a list of ASE's Atoms, which name their elements")
    return Structures.of_atoms(cells)
