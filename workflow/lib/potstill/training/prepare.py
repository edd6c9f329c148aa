"""Training data: descriptors, labels as tensors, and the constants that scale them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from potstill.data.frame_store import BY_ATOM, Label
from potstill.data.frames import Frames
from potstill.data.structures import Floats, Indices, structure_of
from potstill.descriptors.elements import element_numbers
from potstill.descriptors.pair_forces import ForceMap, FreshForces, force_map
from potstill.descriptors.pair_strain import StrainMap, strain_map
from potstill.descriptors.symmetry_functions import (
    describe,
    describe_with_pairs,
    pairs_bytes,
    smallest_spread,
)
from potstill.errors import PotstillError
from potstill.settings import KEPT_BYTES, Training
from potstill.training.scales import Scales, energies_beyond, scales, self_energies, six

# Atoms whose derivatives are in memory at once where they are not kept.
PART_ATOMS = 6400


@dataclass(frozen=True)
class Data:
    """F training frames of A atoms as float32 tensors, and the constants that scale them.

    start (F + 1,): where each frame's atoms begin; elements; numbers (A,): place of each atom's
    element in them; x (A, D): standardised features; energy (F,): eV per atom beyond the self
    energies; forces (A, 3): eV/A; stress (F, 6): eV/A^3, both empty where they are not trained on;
    known: by label, 1 for the frames (F,) that have it and 0 for others, for labels that some lack;
    to_forces: map from dE/dD to forces, None for energies only; to_stress: from dE/dD to the
    stress, None where it is left out; to_gradient (S, D): eV, from a network's gradient to dE/dD;
    mean, std (S, D) and self_energies_eV (S,) float64; scales: of the labels.
    """

    start: Indices
    elements: tuple[str, ...]
    numbers: Tensor
    x: Tensor
    energy: Tensor
    forces: Tensor
    stress: Tensor
    known: dict[Label, Tensor]
    to_forces: ForceMap | None
    to_stress: StrainMap | None
    to_gradient: Tensor
    mean: Tensor
    std: Tensor
    self_energies_eV: Tensor
    scales: Scales

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.energy)


def prepare(
    frames: Frames, settings: Training, device: str, *, elements: Sequence[str] | None = None
) -> Data:
    """Compute descriptors and scales; PotstillError names the frame with a bad label.

    elements: what the networks are for, in the order of atomic numbers; None for the frames'.
    """
    elements = frames.elements if elements is None else tuple(elements)
    labels = _labels(frames, settings)
    features, to_forces, to_stress = _described(frames, elements, settings, device)
    numbers = element_numbers(frames, elements)
    mean, std = _statistics(features, numbers, len(elements), settings)
    self_energy = self_energies(frames, elements, settings)
    found = scales(frames, settings)
    none = np.zeros(0)
    if len(elements) == 1:
        x = (features - mean[0]) / std[0]
    else:
        x = (features - mean[numbers]) / std[numbers]

    def single(values: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(device)

    return Data(
        start=frames.start,
        elements=elements,
        numbers=torch.from_numpy(numbers).to(device),
        x=single(x),
        energy=single(energies_beyond(frames, elements, self_energy)),
        forces=single(labels.get("forces", none)),
        stress=single(six(labels["stress"]) if "stress" in labels else none),
        known={
            name: single(frames.has(name).astype(np.float64))
            for name in labels
            if not frames.has(name).all()
        },
        to_forces=to_forces,
        to_stress=to_stress,
        to_gradient=single(found.atomic_eV / std),
        mean=torch.from_numpy(mean),
        std=torch.from_numpy(std),
        self_energies_eV=torch.from_numpy(self_energy),
        scales=found,
    )


def _labels(frames: Frames, settings: Training) -> dict[Label, Floats]:
    """Return the labels that are trained on; PotstillError for one that is missing or is NaN."""
    trained: dict[Label, bool] = {
        "energy": True,
        "forces": settings.forces,
        "stress": settings.stress_weight > 0,
    }
    labels = {name: frames.need(name, "training") for name, wanted in trained.items() if wanted}
    for name, values in labels.items():
        rows = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
        if len(rows):
            frame = structure_of(frames.start, rows[0]) if name in BY_ATOM else rows[0]
            raise PotstillError(
                f"frame {frame}: its {name} label is not a number; remove the frame"
            )
    return labels


def _described(
    frames: Frames, elements: tuple[str, ...], settings: Training, device: str
) -> tuple[Floats, ForceMap | None, StrainMap | None]:
    """Return the features (A, D), and the maps from dE/dD to forces and to the stress."""
    functions = settings.descriptor
    if not settings.forces:
        return describe(frames, functions, elements), None, None
    if pairs_bytes(frames, functions, elements, np.float32) <= KEPT_BYTES:
        features, pairs = describe_with_pairs(frames, functions, elements, np.float32)
        to_stress = strain_map(frames, pairs, device) if settings.stress_weight else None
        return features, force_map(pairs, device), to_stress
    parts, maps = [], []
    for rows in _parts(frames.sizes):
        part = frames.structures(rows)
        found, pairs = describe_with_pairs(
            part, functions, elements, np.float32, first=int(rows[0])
        )
        parts.append(found)
        if settings.stress_weight:
            maps.append(strain_map(part, pairs, device))
    fresh = FreshForces(frames.structures(slice(None)), functions, elements, device)
    return np.concatenate(parts), fresh, StrainMap.joined(maps) if maps else None


def _parts(sizes: Indices) -> list[Indices]:
    """Return the frames in parts of about `PART_ATOMS` atoms, one frame at least."""
    part = (np.cumsum(sizes) - sizes) // PART_ATOMS
    return [np.flatnonzero(part == number) for number in np.unique(part)]


def _statistics(
    features: Floats, numbers: NDArray[np.int64], count: int, settings: Training
) -> tuple[Floats, Floats]:
    """Return mean and deviation (S, D) of the features over the atoms of each of `count` elements.

    An element that no frame holds gets those of all atoms.
    """
    chosen = [numbers == s for s in range(count)]
    of_element = [features[here] if here.any() and count > 1 else features for here in chosen]
    least = smallest_spread(settings.descriptor, count)
    mean = np.stack([values.mean(axis=0) for values in of_element])
    std = np.stack([np.maximum(values.std(axis=0), least) for values in of_element])
    return mean, std
