"""Structures of any elements, sizes and boundaries, as arrays over all their atoms."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import ase
import ase.data
import numpy as np
from numpy.typing import NDArray

from potstill.errors import PotstillError

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]
# what chooses structures: a slice, numbers or a mask
Choice = slice | Sequence[int] | NDArray[np.generic]


def atomic_number(symbol: str) -> int:
    """Return the atomic number of an element; PotstillError for what is no chemical symbol."""
    number = ase.data.atomic_numbers.get(symbol, 0)
    if not number:  # 0 is ASE's X, which stands for no element
        raise PotstillError(f"'{symbol}' is no chemical symbol; give an element, as Ni")
    return number


@dataclass(frozen=True)
class Structures:
    """F structures with A atoms together; those of structure f are start[f] to start[f + 1].

    start (F + 1,); species (A,): atomic numbers; positions (A, 3), A; cell (F, 3, 3), A, rows are
    the vectors; pbc (F, 3): along which of them a structure is periodic. Vectors of other
    directions mean nothing and may be zero.
    """

    start: Indices
    species: Indices
    positions: Floats
    cell: Floats
    pbc: Mask

    @classmethod
    def uniform(cls, symbol: str, positions: Floats, cell: Floats, **others: Any) -> Self:
        """Return periodic structures of one element and size: positions (F, N, 3), cell (F, 3, 3).

        others: further fields of the class. Raises PotstillError for what is no chemical symbol.
        """
        positions = np.asarray(positions, dtype=np.float64)
        frames, atoms = positions.shape[:2]
        return cls(
            start=np.arange(frames + 1) * atoms,
            species=np.full(frames * atoms, atomic_number(symbol), dtype=np.int64),
            positions=positions.reshape(-1, 3),
            cell=np.asarray(cell, dtype=np.float64),
            pbc=np.ones((frames, 3), dtype=np.bool_),
            **others,
        )

    @classmethod
    def of_atoms(cls, images: Sequence[ase.Atoms], **others: Any) -> Self:
        """Return the structures of ASE's atoms; others: further fields of the class."""
        return cls(
            start=np.cumsum([0, *map(len, images)], dtype=np.int64),
            species=np.concatenate(
                [np.empty(0, dtype=np.int64), *(image.numbers for image in images)]
            ),
            positions=np.concatenate([np.empty((0, 3)), *(image.positions for image in images)]),
            cell=np.array([image.cell.array for image in images]).reshape(-1, 3, 3),
            pbc=np.array([image.pbc for image in images], dtype=np.bool_).reshape(-1, 3),
            **others,
        )

    def __len__(self) -> int:
        """Return the number of structures."""
        return len(self.cell)

    @cached_property
    def sizes(self) -> Indices:
        """Number of atoms of each structure, (F,)."""
        return np.diff(self.start)

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """The symbols of all elements, in the order of their atomic numbers."""
        return tuple(ase.data.chemical_symbols[number] for number in np.unique(self.species))

    @property
    def symbol(self) -> str:
        """The elements' symbols as one word: `Ni`, or `BeW` for beryllium and tungsten."""
        return "".join(self.elements)

    @property
    def is_uniform(self) -> bool:
        """Whether all structures have the same number of atoms."""
        return bool((self.sizes == self.sizes[:1]).all())

    @property
    def atoms(self) -> int:
        """Number of atoms of every structure; PotstillError where they are of several sizes."""
        if not self.is_uniform:
            raise PotstillError(
                f"structures of {self.sizes.min()} to {self.sizes.max()} atoms, where one number "
                "of atoms is needed; choose those of one size"
            )
        return int(self.sizes[0]) if len(self) else 0

    @cached_property
    def volume(self) -> Floats:
        """Volume of each cell, A^3, (F,); 0 where the cell is not given in all directions."""
        return np.asarray(np.abs(np.linalg.det(self.cell)))

    def counts(self, elements: Sequence[str]) -> Indices:
        """Return how many atoms of each of these elements each structure has, (F, S)."""
        numbers = [atomic_number(element) for element in elements]
        return frame_sums((self.species[:, None] == numbers).astype(np.int64), self.sizes)

    def shares(self, elements: Sequence[str]) -> Floats:
        """Return the share of each of these elements in each structure's atoms, (F, S)."""
        return self.counts(elements) / self.sizes[:, None]

    def systems(self) -> tuple[list[str], Indices]:
        """Return the sets of elements that structures have, and which of them each has, (F,).

        Each as one word, as `BeW`; those of few elements first, then in the order of their numbers.
        """
        present = self.counts(self.elements) > 0
        kinds, which = np.unique(present, axis=0, return_inverse=True)
        order = sorted(range(len(kinds)), key=lambda k: (kinds[k].sum(), *(~kinds[k]).tolist()))
        words = ["".join(np.array(self.elements)[kinds[k]]) for k in order]
        return words, np.argsort(order)[which.ravel()]

    def dense(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values over all atoms (A, ...) as (F, N, ...); PotstillError for several sizes."""
        return values.reshape(len(self), self.atoms, *values.shape[1:])

    def rows(self, which: Choice) -> Indices:
        """Return the rows in arrays over all atoms of the structures chosen, one after another."""
        return atom_rows(self.start, np.arange(len(self))[which])

    def of_atoms_in(self, which: int) -> slice:
        """Return the place of one structure in arrays over all atoms."""
        return slice(int(self.start[which]), int(self.start[which + 1]))

    def structures(self, which: Choice) -> "Structures":
        """Return some of them, without what a subclass has beside."""
        return Structures(**self._geometry(which))

    def _geometry(self, which: Choice) -> dict[str, Any]:
        """Return the fields of this class for the structures chosen."""
        rows = self.rows(which)
        return {
            "start": np.concatenate([[0], np.cumsum(self.sizes[which])]),
            "species": self.species[rows],
            "positions": self.positions[rows],
            "cell": self.cell[which],
            "pbc": self.pbc[which],
        }

    def image(self, which: int) -> ase.Atoms:
        """Return the geometry of one structure as ASE's atoms."""
        here = self.of_atoms_in(which)
        return ase.Atoms(
            numbers=self.species[here],
            positions=self.positions[here],
            cell=self.cell[which],
            pbc=self.pbc[which],
        )


def told_atoms(structures: Structures) -> dict[str, int | None]:
    """Return what a summary says of atoms: `atoms` of each structure.

    Where they are of several sizes it is None, and `atoms_in_all` says how many there are together.
    """
    if structures.is_uniform:
        return {"atoms": structures.atoms}
    return {"atoms": None, "atoms_in_all": len(structures.species)}


def atom_rows(start: Indices, which: Indices) -> Indices:
    """Return the rows of the atoms of the structures `which`, one after another; start: (F + 1,)"""
    sizes = start[which + 1] - start[which]
    before = np.cumsum(sizes) - sizes
    return np.arange(sizes.sum()) + np.repeat(start[which] - before, sizes)


def structure_of(start: Indices, atom: int) -> int:
    """Return the structure that holds the atom of this row in arrays over all atoms."""
    return int(np.searchsorted(start, atom, side="right")) - 1


def joined(parts: Sequence[Structures]) -> Structures:
    """Return the structures of all parts, one part after another."""
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("species", "positions", "cell", "pbc")
    }
    sizes = np.concatenate([part.sizes for part in parts])
    return Structures(start=np.concatenate([[0], np.cumsum(sizes)]), **arrays)


def frame_sums(values: NDArray[Any], sizes: Indices, axis: int = 0) -> NDArray[Any]:
    """Return the sums over each structure's atoms of values over all atoms along `axis`.

    In the order of an array with F and N along that axis where all have one size. Structures have
    atoms.
    """
    if len(sizes) and (sizes == sizes[0]).all():
        return np.asarray(_by_structure(values, sizes, axis).sum(axis=axis + 1))
    return np.asarray(np.add.reduceat(values, np.cumsum(sizes) - sizes, axis=axis))


def frame_means(values: NDArray[Any], sizes: Indices, axis: int = 0) -> NDArray[Any]:
    """Return the means over each structure's atoms, as `frame_sums`."""
    if len(sizes) and (sizes == sizes[0]).all():
        return np.asarray(_by_structure(values, sizes, axis).mean(axis=axis + 1))
    divisor = sizes.reshape(-1, *(1,) * (values.ndim - axis - 1))
    return np.asarray(frame_sums(values, sizes, axis) / divisor)


def _by_structure(values: NDArray[Any], sizes: Indices, axis: int) -> NDArray[Any]:
    shape = values.shape
    return values.reshape(*shape[:axis], len(sizes), sizes[0], *shape[axis + 1 :])
