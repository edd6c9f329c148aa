"""The exported torchani model gives the same energies and forces."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from ensembles import mixed_structures
from numpy.typing import NDArray

from potstill.data.structures import Structures
from potstill.models.ensemble import Ensemble
from potstill.models.torchani_model import to_torchani
from potstill.models.torchscript import save_torchscript

os.environ.setdefault("TORCHANI_NO_WARN_EXTENSIONS", "1")
from torchani.units import HARTREE_TO_EV

Floats = NDArray[np.float64]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"activation": "gelu", "descriptor": {"cutoff_function": "cosine", "zeta": 14.1}},
        {"activation": "celu", "layers": (16,)},
        {"preset": "authors"},
    ],
    ids=["default", "gelu-cosine", "celu", "authors"],
)
def test_energies_and_forces(
    make_ensemble: Callable[..., Ensemble],
    liquid: tuple[Floats, Floats],
    changes: dict[str, object],
) -> None:
    positions, cell = liquid
    one = Structures.uniform("Ni", positions[None], cell[None])
    atomic, forces = assert_equal_to_torchani(make_ensemble(one, **changes), one)
    assert np.ptp(atomic) > 0.1 and np.abs(forces).max() > 0.1


@pytest.mark.parametrize("elements", [("Ni",), ("Be", "W"), ("Be", "Ni", "W")])
def test_elements_sizes_and_boundaries(
    make_ensemble: Callable[..., Ensemble], elements: tuple[str, ...]
) -> None:
    many = mixed_structures(elements)
    atomic, forces = assert_equal_to_torchani(make_ensemble(many), many)
    assert np.ptp(atomic) > 0.1 and np.abs(forces).max() > 0.1


def assert_equal_to_torchani(ensemble: Ensemble, many: Structures) -> tuple[Floats, Floats]:
    """Compare structures one by one; return our atomic energies (M, A) and forces (A, 3)."""
    ours = ensemble.predict(many, forces=True)
    assert ours.atomic_energies is not None and ours.forces is not None
    model = to_torchani(ensemble)
    for f in range(len(many)):
        here = many.of_atoms_in(f)
        x = torch.tensor(many.positions[here])[None].requires_grad_()
        species = torch.tensor(many.species[here])[None]
        found = model.atomic_energies(
            (species, x), *in_vacuum(many.structures([f])), ensemble_values=True
        )
        theirs = found.energies[:, 0] * HARTREE_TO_EV
        np.testing.assert_allclose(
            ours.atomic_energies[:, here], theirs.detach().numpy(), rtol=0, atol=1e-9
        )
        (gradient,) = torch.autograd.grad(theirs.mean(dim=0).sum(), x)
        np.testing.assert_allclose(ours.forces[here], -gradient[0].numpy(), rtol=0, atol=1e-8)
    return ours.atomic_energies, ours.forces


def in_vacuum(one: Structures) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a periodic cell for torchani, with 60 A of vacuum along what does not repeat."""
    cell, open_ends = one.cell[0].copy(), ~one.pbc[0]
    normals = np.linalg.svd(np.where(open_ends[:, None], 0.0, cell))[2]
    cell[open_ends] = 60 * normals[3 - np.count_nonzero(open_ends) :]
    return torch.tensor(cell), torch.tensor([True] * 3)


@pytest.mark.parametrize("elements", [("Ni",), ("Be", "W")])
def test_torchscript_needs_nothing_but_torch(
    make_ensemble: Callable[..., Ensemble], elements: tuple[str, ...], tmp_path: Path
) -> None:
    one = mixed_structures(elements).structures([0])
    ensemble = make_ensemble(one)
    save_torchscript(tmp_path / "model.torchscript", ensemble)
    loaded = torch.jit.load(str(tmp_path / "model.torchscript"))
    x = torch.tensor(one.positions)[None].requires_grad_()
    species = torch.tensor(one.species)[None]
    found = loaded((species, x), torch.tensor(one.cell[0]), torch.tensor([True] * 3)).energies
    (gradient,) = torch.autograd.grad(found.sum(), x)
    ours = ensemble.predict(one, forces=True)
    assert float(found[0]) * HARTREE_TO_EV == pytest.approx(ours.energy[0], abs=1e-7)
    assert ours.forces is not None
    theirs = -gradient[0].numpy() * HARTREE_TO_EV
    np.testing.assert_allclose(ours.forces, theirs, rtol=0, atol=1e-6)
