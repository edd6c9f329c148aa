"""What a selection strategy may know of the frames that it picks from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from potstill.data.frames import Frames
from potstill.data.structures import Floats, Mask, Structures, atomic_number
from potstill.descriptors.symmetry_functions import describe, feature_count, smallest_spread
from potstill.distillation.moments import Moments, Singles, moments, points
from potstill.distillation.scores import BlockScores
from potstill.errors import PotstillError
from potstill.settings import Descriptor

# Frames described at a time: float64 features of a large set would not fit beside the float32 ones.
_CHUNK = 512


class Environments(NamedTuple):
    """Standardised symmetry functions of the atoms of the candidates (A, D) and of the kept."""

    own: Singles
    kept: Singles


@dataclass(frozen=True)
class Candidates:
    """B frames to pick from (own), and K frames that the data set holds already (kept).

    descriptor: the symmetry functions. scores: of the committee, for strategies that need them.
    order (B,): O/N. enthalpy (B,): H/N in eV/atom; it holds the energy, which is a label, so it is
    there for strategies alone that say that they need the candidates' labels.
    """

    own: Structures
    kept: Structures
    descriptor: Descriptor
    scores: BlockScores | None = None
    order: Floats | None = None
    enthalpy: Floats | None = None

    @classmethod
    def of(
        cls,
        frames: Frames,
        kept: Structures,
        *,
        descriptor: Descriptor,
        scores: BlockScores | None,
        labels: bool,
    ) -> Self:
        """Return frames as candidates beside the kept ones; labels: whether H may be looked at."""
        plane = {
            name: frames.columns[column].astype(np.float64) / frames.sizes
            for name, column in (("order", "order_parameter"), ("enthalpy", "enthalpy"))
            if column in frames.columns and (labels or name == "order")
        }
        everything = slice(None)
        own, before = frames.structures(everything), kept.structures(everything)
        return cls(own, before, descriptor, scores, **plane)

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.own)

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """The symbols of all elements, in the order of their atomic numbers."""
        return tuple(sorted({*self.own.elements, *self.kept.elements}, key=atomic_number))

    @property
    def symbol(self) -> str:
        """The elements' symbols as one word."""
        return "".join(self.elements)

    @property
    def atomic_std(self) -> Floats:
        """Standard deviation over the members of each atom's energy (A,), eV.

        PotstillError where the members have no energies of atoms.
        """
        found = self._scored.atomic_std
        if found is None:
            raise PotstillError(
                "the scores are of a committee without energies of atoms, which this strategy "
                "needs; use one that asks for the frame's energy alone: frame_sigma, cluster_sigma"
            )
        return found

    @property
    def energy_std(self) -> Floats:
        """Standard deviation over the members of each frame's energy (B,), eV."""
        return self._scored.energy_std

    @property
    def force_std(self) -> Floats:
        """How far the members' forces on each atom agree (A,), eV/A, `Prediction.force_std`.

        PotstillError where the scores hold none.
        """
        found = self._scored.force_std
        if found is None:
            raise PotstillError(
                "the scores hold no sigma of forces, which this strategy needs; score the frames "
                "again with it as the strategy"
            )
        return found

    @property
    def plane(self) -> tuple[Floats, Floats]:
        """H/N in eV/atom and O/N of each frame, (B,); PotstillError if the set has none."""
        if self.enthalpy is None or self.order is None:
            raise PotstillError(
                f"the frames of {self.symbol} lack the columns enthalpy and order_parameter, as "
                "those from a file do; use a strategy other than grid"
            )
        return self.enthalpy, self.order

    @cached_property
    def environments(self) -> Environments:
        """Each atom's symmetry functions, scaled to mean 0 and deviation 1 over all its element's.

        Mean and deviation are those of the candidates' atoms, or of the kept frames' for an element
        that no candidate has. A deviation below `smallest_spread` is taken as that: the tail of a
        function, or rounding, tells no frames apart.
        """
        own, kept = (_describe(s, self.descriptor, self.elements) for s in (self.own, self.kept))
        least = smallest_spread(self.descriptor, len(self.elements))
        for element in self.elements:
            mine, theirs = _atoms_of(element, self.own), _atoms_of(element, self.kept)
            sample = own[mine] if element in self.own.elements else kept[theirs]
            mean = sample.mean(axis=0, dtype=np.float64)
            std = np.maximum(sample.std(axis=0, dtype=np.float64), least)
            for values, rows in ((own, mine), (kept, theirs)):
                values[rows] -= mean.astype(np.float32)
                values[rows] /= std.astype(np.float32)
        return Environments(own, kept)

    @cached_property
    def moments(self) -> tuple[Moments, Moments]:
        """Of the environments in the candidates and in the kept frames, element by element."""
        own, kept = self.environments
        return moments(own, self.own, self.elements), moments(kept, self.kept, self.elements)

    @cached_property
    def features(self) -> tuple[Floats, Floats]:
        """The candidates and the kept frames as `points`."""
        shares = self.own.counts(self.elements).sum(axis=0) / len(self.own.species)
        own, kept = self.moments
        return points(own, shares), points(kept, shares)

    @property
    def _scored(self) -> BlockScores:
        if self.scores is None:
            raise PotstillError(
                f"the frames of {self.symbol} have no scores, which this strategy needs"
            )
        return self.scores


def _describe(structures: Structures, settings: Descriptor, elements: Sequence[str]) -> Singles:
    shape = len(structures.species), feature_count(settings, len(elements))
    found = np.empty(shape, dtype=np.float32)
    for first in range(0, len(structures), _CHUNK):
        stop = min(first + _CHUNK, len(structures))
        part = structures.structures(slice(first, stop))
        atoms = slice(structures.start[first], structures.start[stop])
        found[atoms] = describe(part, settings, elements, first=first)
    return found


def _atoms_of(element: str, structures: Structures) -> slice | Mask:
    """Return the places of an element's atoms; all of them as a slice, which copies nothing."""
    here = structures.species == atomic_number(element)
    return slice(None) if here.all() else here
