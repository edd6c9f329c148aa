"""EAM labels (energy, atomic energies, forces, stress) of structures of one element or several."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from potstill.data.frames import Frames
from potstill.data.geometry import SMALLEST_VOLUME_A3, check_geometry, enclosed, on_one_spot
from potstill.data.structures import Indices, Structures, atomic_number, structure_of
from potstill.errors import PotstillError
from potstill.potentials.eam_kernel import Tables
from potstill.potentials.eam_labels import label_mixed, label_pure
from potstill.potentials.eam_tables import (
    DYNAMICS_ROWS,
    LABEL_ROWS,
    compile_alloy,
    compile_tables,
    interaction_range,
)
from potstill.potentials.neighbours import Floats
from potstill.potentials.setfl import Setfl, read_setfl
from potstill.runtime.compiled import numba_threads


class Labels(NamedTuple):
    """Labels of F structures of A atoms together.

    energy (F,) eV; atomic_energies (A,) eV; forces (A, 3) eV/A; stress (F, 3, 3) eV/A^3, NaN for
    structures whose cell has no volume.
    """

    energy: Floats
    atomic_energies: Floats
    forces: Floats
    stress: Floats


class EamPotential:
    """An EAM potential of one element or several.

    elements: in the order of their atomic numbers; cutoff_A: the range of their functions; tables:
    the kernel's tables of each element alone, for labels.
    """

    def __init__(self, table: Setfl, elements: str | Sequence[str]) -> None:
        given = [elements] if isinstance(elements, str) else elements
        self.elements = tuple(sorted(set(given), key=atomic_number))
        for symbol in self.elements:
            if symbol not in table.elements:
                raise PotstillError(
                    f"the EAM table has no {symbol}, only {', '.join(table.elements)}; "
                    f"name another table (in a configuration: elements.{symbol}.table)"
                )
        # the place of each element by atomic number, -1 for others
        self._places = np.full(len(chemical_symbols), -1)
        self._places[list(map(atomic_number, self.elements))] = np.arange(len(self.elements))
        self.table = table
        self.tables = [compile_tables(table, symbol, LABEL_ROWS) for symbol in self.elements]
        self._cutoffs = [interaction_range(table, symbol, symbol) for symbol in self.elements]
        pairs = combinations(self.elements, 2)
        self.cutoff_A = max([*self._cutoffs, *(interaction_range(table, *pair) for pair in pairs)])
        self._alloy = compile_alloy(table, self.elements) if len(self.elements) > 1 else None

    @classmethod
    def from_file(cls, path: str | Path, elements: str | Sequence[str]) -> "EamPotential":
        """Read an eam/fs or eam/alloy file and take the functions of an element, or of several."""
        return cls(read_setfl(path), elements)

    @property
    def symbol(self) -> str:
        """The one element's symbol; PotstillError for several."""
        if len(self.elements) > 1:
            raise PotstillError(
                f"an EAM potential of {', '.join(self.elements)}, where one of a single element is "
                "needed: alloys are labelled, not sampled"
            )
        return self.elements[0]

    @property
    def mass_u(self) -> float:
        """The one element's atomic mass, u."""
        return float(self.table.masses_u[self.table.elements.index(self.symbol)])

    @cached_property
    def dynamics_tables(self) -> Tables:
        """The kernel's tables for molecular dynamics of the one element."""
        return compile_tables(self.table, self.symbol, DYNAMICS_ROWS)

    def evaluate(self, structures: Structures, *, threads: int = 1) -> Labels:
        """Return the labels of structures of its elements, with any boundaries.

        Structures of one element are labelled as by the potential of that element alone. Raises
        PotstillError, naming frame and atom, for no atoms, for what is not finite, for a cell
        without volume, for another element, and for two atoms on one spot, where there is no
        force. One thread starts no others, so that the process may fork.
        """
        check_geometry(structures)
        types = self._types(structures)
        start = structures.start
        positions = np.ascontiguousarray(structures.positions, dtype=np.float64)
        cells = np.ascontiguousarray(enclosed(structures, self.cutoff_A), dtype=np.float64)
        frames, atoms = len(structures), len(positions)
        labels = Labels(
            np.zeros(frames), np.zeros(atoms), np.zeros((atoms, 3)), np.zeros((frames, 3, 3))
        )
        same = np.full((frames, 2), -1)
        lowest, highest = (of.reduceat(types, start[:-1]) for of in (np.minimum, np.maximum))
        with numba_threads(threads) as granted:
            several = granted > 1
            for element, tables in enumerate(self.tables):
                own = np.flatnonzero((lowest == element) & (highest == element))
                if len(own):
                    cutoff = self._cutoffs[element]
                    label_pure[several](own, start, positions, cells, cutoff, tables, *labels, same)
            mixed = np.flatnonzero(lowest < highest)
            if len(mixed):
                label_mixed[several](
                    mixed, start, positions, types, cells, self.cutoff_A, self._alloy, *labels, same
                )
        if (same >= 0).any():
            frame = int(np.argmax(same[:, 0] >= 0))
            raise on_one_spot(f"frame {frame}", *same[frame])
        if not structures.pbc.all():
            _per_own_volume(labels.stress, cells, structures)
        return labels

    def _types(self, structures: Structures) -> Indices:
        """Return the place of each atom's element, (A,); PotstillError for another element."""
        types: Indices = self._places[structures.species]
        others = np.flatnonzero(types < 0)
        if len(others):
            atom = int(others[0])
            frame = structure_of(structures.start, atom)
            symbol = chemical_symbols[structures.species[atom]]
            raise PotstillError(
                f"frame {frame}: atom {atom - structures.start[frame]} is {symbol}, and this EAM "
                f"potential is of {', '.join(self.elements)}; make one of all elements, or leave "
                "the frame out"
            )
        return types


def _per_own_volume(stress: Floats, cells: Floats, structures: Structures) -> None:
    """Turn stress by the volume of the enclosing cells into that by the structures' own."""
    apart = np.flatnonzero(~structures.pbc.all(axis=1))
    volume = structures.volume[apart]
    volume[volume < SMALLEST_VOLUME_A3] = np.nan
    stress[apart] *= (np.abs(np.linalg.det(cells[apart])) / volume)[:, None, None]


def label_frames(
    potential: EamPotential,
    structures: Structures,
    *,
    columns: Mapping[str, NDArray[np.generic]] | None = None,
    attributes: Mapping[str, Any] | None = None,
    threads: int = 1,
) -> Frames:
    """Return these structures as labelled Frames, see `EamPotential.evaluate`.

    Frames whose cell has no volume lack the stress.
    """
    labels = potential.evaluate(structures, threads=threads)
    found: dict[str, Any] = labels._asdict()
    without = np.isnan(labels.stress).any(axis=(1, 2))
    if without.all():
        found["stress"] = None
    elif without.any():
        labels.stress[without] = 0.0
        found["lacking"] = {"stress": without}
    return Frames(
        structures.start,
        structures.species,
        structures.positions,
        structures.cell,
        structures.pbc,
        columns=dict(columns or {}),
        attributes=dict(attributes or {}),
        **found,
    )
