"""What a selection strategy may know of the frames that it picks from."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from potstill.data.frames import Frames
from potstill.descriptors.symmetry_functions import describe, smallest_spread
from potstill.distillation.scores import BlockScores
from potstill.errors import PotstillError
from potstill.settings import Descriptor

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

# Frames described at a time: float64 features of a large set would not fit beside the float32 ones.
_CHUNK = 512


class Environments(NamedTuple):
    """Standardised symmetry functions of the candidates' atoms (B, N, D) and the kept (K, N, D)."""

    own: Singles
    kept: Singles


@dataclass(frozen=True)
class Candidates:
    """B frames of N atoms to pick from, and K frames that the data set holds already.

    symbol: the element. positions (B, N, 3) and cell (B, 3, 3), A; kept_positions, kept_cell: of
    the K frames. descriptor: the symmetry functions. scores: of the ensemble, for strategies that
    need them. order (B,): O/N. enthalpy (B,): H/N in eV/atom; it holds the energy, which is a
    label, so it is there for strategies alone that say that they need the candidates' labels.
    """

    symbol: str
    positions: Floats
    cell: Floats
    kept_positions: Floats
    kept_cell: Floats
    descriptor: Descriptor
    scores: BlockScores | None = None
    order: Floats | None = None
    enthalpy: Floats | None = None

    @classmethod
    def of(
        cls,
        frames: Frames,
        kept: Frames,
        *,
        descriptor: Descriptor,
        scores: BlockScores | None,
        labels: bool,
    ) -> Self:
        """Return frames as candidates beside the kept ones; labels: whether H may be looked at."""
        plane = {
            name: frames.columns[column].astype(np.float64) / frames.atoms
            for name, column in (("order", "order_parameter"), ("enthalpy", "enthalpy"))
            if column in frames.columns and (labels or name == "order")
        }
        return cls(
            frames.symbol,
            frames.positions,
            frames.cell,
            kept.positions,
            kept.cell,
            descriptor,
            scores,
            **plane,
        )

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.cell)

    @property
    def atoms(self) -> int:
        """Number of atoms in a frame."""
        return self.positions.shape[1]

    @property
    def atomic_std(self) -> Floats:
        """Standard deviation over the members of each atom's energy (B, N), eV."""
        return self._scored.atomic_std

    @property
    def energy_std(self) -> Floats:
        """Standard deviation over the members of each frame's energy (B,), eV."""
        return self._scored.energy_std

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
        """Each atom's symmetry functions, scaled to mean 0 and deviation 1 over all atoms.

        A deviation below `smallest_spread` is taken as that: the tail of a function, or rounding,
        tells no frames apart.
        """
        own = _describe(self.positions, self.cell, self.descriptor)
        kept = _describe(self.kept_positions, self.kept_cell, self.descriptor)
        mean = own.mean(axis=(0, 1), dtype=np.float64)
        std = own.std(axis=(0, 1), dtype=np.float64)
        std = np.maximum(std, smallest_spread(self.descriptor))
        for values in (own, kept):
            values -= mean.astype(np.float32)
            values /= std.astype(np.float32)
        return Environments(own, kept)

    @cached_property
    def features(self) -> tuple[Floats, Floats]:
        """Frames as points, (B, 2D) and those kept (K, 2D): mean and deviation over the atoms."""
        own, kept = (_frame_features(values) for values in self.environments)
        return own, kept

    @property
    def _scored(self) -> BlockScores:
        if self.scores is None:
            raise PotstillError(
                f"the frames of {self.symbol} have no scores, which this strategy needs"
            )
        return self.scores


def _describe(positions: Floats, cell: Floats, settings: Descriptor) -> Singles:
    parts = [
        describe(positions[i : i + _CHUNK], cell[i : i + _CHUNK], settings, first=i).astype(
            np.float32
        )
        for i in range(0, max(1, len(cell)), _CHUNK)
    ]
    return np.concatenate(parts)


def _frame_features(environments: Singles) -> Floats:
    return np.concatenate(
        [environments.mean(axis=1, dtype=np.float64), environments.std(axis=1, dtype=np.float64)],
        axis=1,
    )
