"""Geometries, labelled frames and ensembles: fixtures that the tests of several rooms share."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import ase
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from potstill.data.frames import Frames
from potstill.data.structures import Structures
from potstill.descriptors.elements import element_numbers
from potstill.descriptors.symmetry_functions import describe
from potstill.models.ensemble import Ensemble
from potstill.models.networks import Networks
from potstill.potentials.eam import EamPotential, label_frames
from potstill.runtime.device import limit_threads
from potstill.settings import Training

Floats = NDArray[np.float64]
FCC = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])


@pytest.fixture(autouse=True)
def one_thread() -> None:
    limit_threads(1)


def crystal(cells: int, noise: float, seed: int, shear: float = 0.0) -> tuple[Floats, Floats]:
    """Return positions and cell of 4 cells^3 FCC nickel atoms, displaced, in a sheared cell."""
    random = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
    cell = 3.55 * cells * (np.eye(3) + shear * random.uniform(-1, 1, (3, 3)))
    positions = ((corners + FCC).reshape(-1, 3) / cells) @ cell
    return positions + noise * random.normal(size=positions.shape), cell


@pytest.fixture(scope="session")
def liquid() -> tuple[Floats, Floats]:
    """32 atoms, strongly disordered, in a sheared cell smaller than twice the cut-off."""
    return crystal(2, 0.35, seed=5, shear=0.08)


# atoms, cells of FCC along an edge that they are taken from, and along which vectors they repeat
_SHAPES = (
    (32, 2, (True, True, True)),
    (4, 1, (True, True, True)),
    (1, 1, (True, True, True)),
    (1, 2, (False, False, False)),
    (2, 1, (False, False, False)),
    (9, 2, (False, False, False)),
    (14, 2, (True, True, False)),
    (7, 2, (False, True, False)),
)


def mixed_structures(elements: Sequence[str], seed: int = 0) -> Structures:
    """Return crystals, cells far smaller than the cut-off, atoms alone, clusters, a slab, a wire.

    Atoms are of these elements at random, all of them in the first structure; vectors along which
    a structure is not periodic are zero, but for the slab's.
    """
    random = np.random.default_rng(seed)
    images = []
    for number, (atoms, cells, pbc) in enumerate(_SHAPES):
        positions, cell = crystal(cells, 0.3, seed=seed + number, shear=0.08)
        symbols = random.choice(elements, atoms)
        if number == 0:
            symbols[: len(elements)] = elements
        kept = positions[random.permutation(len(positions))[:atoms]]
        vectors = cell if sum(pbc) > 1 else np.where(np.array(pbc)[:, None], cell, 0.0)
        images.append(ase.Atoms(list(symbols), kept, cell=vectors, pbc=pbc))
    return Structures.of_atoms(images)


@pytest.fixture(scope="session")
def make_ensemble() -> Callable[..., Ensemble]:
    """Return a function that makes a random ensemble, standardised on the given structures."""

    def make(structures: Structures, seed: int = 3, **changes: object) -> Ensemble:
        settings = Training.model_validate({"members": 3, "layers": (20, 12), **changes})
        elements = structures.elements
        features = describe(structures, settings.descriptor, elements)
        numbers = element_numbers(structures, elements)
        of_element = [features[numbers == s] for s in range(len(elements))]
        networks = Networks(settings, len(elements))
        networks.initialise(seed)
        random = np.random.default_rng(seed)
        with torch.no_grad():
            for bias in networks.biases:
                bias.copy_(torch.from_numpy(random.normal(size=bias.shape)))
        return Ensemble(
            elements=elements,
            settings=settings,
            mean=torch.from_numpy(np.stack([part.mean(axis=0) for part in of_element])),
            std=torch.from_numpy(np.stack([part.std(axis=0) + 0.1 for part in of_element])),
            self_energies_eV=-4.25 - torch.arange(len(elements), dtype=torch.float64),
            scale_eV=0.7,
            networks=networks.double().requires_grad_(False),
        )

    return make


@pytest.fixture(scope="session")
def ensemble(make_ensemble: Callable[..., Ensemble], liquid: tuple[Floats, Floats]) -> Ensemble:
    positions, cell = liquid
    return make_ensemble(Structures.uniform("Ni", positions[None], cell[None]))


@pytest.fixture(scope="session")
def labelled(tables: dict[str, Path]) -> Frames:
    """60 frames of 32 nickel atoms, displaced by 0.03 to 0.1 A, labelled by EAM."""
    potential = EamPotential.from_file(tables["Ni-Nb"], "Ni")
    frames = [crystal(2, 0.03 + 0.07 * (k % 10) / 9, seed=k, shear=0.02) for k in range(60)]
    positions, cells = (np.stack(arrays) for arrays in zip(*frames, strict=True))
    made = label_frames(potential, Structures.uniform("Ni", positions, cells))
    return replace(
        made, columns={"order_parameter": np.arange(60.0), "enthalpy": made.energy + 1.0}
    )


@pytest.fixture(scope="session")
def thermal(tables: dict[str, Path]) -> Frames:
    """200 frames of 32 nickel atoms displaced by 0.05 to 0.25 A, thermal by EAM."""
    frames = [crystal(2, 0.05 + 0.2 * (k % 20) / 19, seed=k) for k in range(200)]
    positions, cells = (np.stack(arrays) for arrays in zip(*frames, strict=True))
    potential = EamPotential.from_file(tables["Ni-Nb"], "Ni")
    return label_frames(potential, Structures.uniform("Ni", positions, cells))
