"""Readers of small result files, and the names in them that tables show."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from potstill.errors import PotstillError
from potstill.runtime.files import read_json

# Structures of relaxed crystals; HCP with free c/a, and held at one.
FCC, BCC, HCP, HCP_HELD = "FCC", "BCC", "HCP", "HCP c/a=sqrt(3)"
STRUCTURES = (FCC, BCC, HCP, HCP_HELD)
# How a table spells what a model was trained on.
KINDS = {"fcc": "FCC", "bcc": "BCC", "hcp": "HCP", "momt": "MOMT", "full": "undistilled"}


class Trained(NamedTuple):
    """A model's training summary and the summary (JSON) of its evaluation on a set."""

    summary: Path
    evaluation: Path


class Crystal(NamedTuple):
    """What a table needs of one relaxed crystal: atoms, bond (A), energy (eV/atom)."""

    atoms: int
    bond: float
    energy: float
    converged: bool


class Crystals(NamedTuple):
    """The relaxed crystals of an element by structure, and the name of what relaxed them."""

    model: str
    element: str
    by_structure: dict[str, Crystal]


def potential_label(model: str, frames: int) -> str:
    """Return a network's name in a table: `Ni-fcc` of 2000 frames is `NNP 2000 FCC frames`."""
    kind = model.partition("-")[2] or model
    return f"NNP {frames} {KINDS.get(kind, kind)} frames"


def read_summary(model: str, summaries: Mapping[str, Path]) -> Any:
    """Read the training summary of a model; PotstillError where it is not among them."""
    if model not in summaries:
        raise PotstillError(
            f"model {model} has no training summary to tell its frames; give its file as well"
        )
    return read_json(summaries[model])


def read_crystals(path: Path) -> Crystals:
    """Read relaxed crystals, of each of `STRUCTURES`; PotstillError names missing ones."""
    content = read_json(path)
    crystals = {
        c["structure"]: Crystal(
            c["atoms"], c["bond_length_A"], c["energy_eV_per_atom"], c["converged"]
        )
        for c in content["crystals"]
    }
    missing = [name for name in STRUCTURES if name not in crystals]
    if missing:
        raise PotstillError(f"{path}: lacks the crystal(s) {', '.join(missing)}; relax them again")
    return Crystals(content["model"], content["symbol"], crystals)


def rank_of(structure: str, crystals: dict[str, Crystal]) -> int:
    """Return the rank of a crystal's energy among FCC, BCC and HCP; 1 is the lowest.

    The relaxed HCP crystal counts for the ranks of FCC, BCC and HCP; the held one is ranked with
    itself in its place.
    """
    hcp = HCP_HELD if structure == HCP_HELD else HCP
    energy = crystals[structure].energy
    return 1 + sum(crystals[other].energy < energy for other in (FCC, BCC, hcp))


def order_of(crystals: dict[str, Crystal]) -> str:
    """Return FCC, BCC and HCP in the order of their energies, the lowest first."""
    return " < ".join(sorted((FCC, BCC, HCP), key=lambda name: crystals[name].energy))
