"""How large the atoms of an element are, in its own crystal: what lengths of functions follow."""

import math
from collections.abc import Iterable

from ase.data import atomic_numbers, covalent_radii, reference_states

# The element whose crystal the default lengths were chosen on.
CHOSEN_ON = "Ni"
# Volume of an atom over the cube of the lattice constant.
_FILLED = {"fcc": 1 / 4, "bcc": 1 / 2, "diamond": 1 / 8, "sc": 1.0}


def atomic_length_A(symbol: str) -> float:
    """Return the cube root of the volume of an atom in the element's crystal, A.

    Crystal and lattice constants are ASE's; elements of other structures than FCC, BCC, HCP,
    diamond and simple cubic get that of `CHOSEN_ON` times the ratio of covalent radii.
    """
    number = atomic_numbers[symbol]
    state = reference_states[number] or {}
    structure = state.get("symmetry")
    if structure in _FILLED:
        return float(_FILLED[structure] ** (1 / 3) * state["a"])
    if structure == "hcp":
        return float((math.sqrt(3) / 4 * state["c/a"]) ** (1 / 3) * state["a"])
    ratio = covalent_radii[number] / covalent_radii[atomic_numbers[CHOSEN_ON]]
    return float(atomic_length_A(CHOSEN_ON) * ratio)


def length_factor(symbols: Iterable[str]) -> float:
    """Return how many times longer than in `CHOSEN_ON` lengths are among the largest atoms."""
    largest = max(map(atomic_length_A, symbols))
    return round(largest / atomic_length_A(CHOSEN_ON), 3)
