"""Which of the elements that features and networks tell apart each atom is."""

from collections.abc import Sequence

import ase.data
import numpy as np

from potstill.data.structures import Indices, Structures, atomic_number, structure_of
from potstill.descriptors.radial import Numbers
from potstill.errors import PotstillError


def element_numbers(
    structures: Structures, elements: Sequence[str], *, what: str = "frame", first: int = 0
) -> Numbers:
    """Return the place of each atom's element among `elements`, (A,).

    elements: symbols in the order of their atomic numbers; what: the word for a structure; first:
    the number of the first one. Raises PotstillError, naming structure and atom, for an element
    that is not among them.
    """
    numbers = places(structures.species, elements)
    if (numbers < 0).any():
        atom = int(np.argmax(numbers < 0))
        frame = structure_of(structures.start, atom)
        symbol = ase.data.chemical_symbols[structures.species[atom]]
        raise PotstillError(
            f"{what} {first + frame}: atom {atom - structures.start[frame]} is {symbol}, and this "
            f"model is for {' and '.join(elements)}; leave the {what} out, or train a model on "
            f"frames that hold {symbol}"
        )
    return numbers


def places(species: Indices, elements: Sequence[str]) -> Numbers:
    """Return the place of each of the atomic numbers (A,) among `elements`; -1 for none."""
    known = np.array([atomic_number(symbol) for symbol in elements])
    numbers = np.searchsorted(known, species)
    return np.where(np.isin(species, known), numbers, -1)
