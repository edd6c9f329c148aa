"""The exported torchani model gives the same energies and forces."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from potstill.models.ensemble import Ensemble
from potstill.models.predict import predict_arrays
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
    ensemble = make_ensemble(positions[None], cell[None], **changes)
    ours = predict_arrays(ensemble, positions[None], cell[None], forces=True)
    model = to_torchani(ensemble)
    x = torch.tensor(positions)[None].requires_grad_()
    species = torch.full((1, len(positions)), 28)
    box, periodic = torch.tensor(cell), torch.tensor([True] * 3)
    atomic = model.atomic_energies((species, x), box, periodic, ensemble_values=True).energies
    theirs = atomic[:, 0] * HARTREE_TO_EV
    np.testing.assert_allclose(
        ours.atomic_energies[:, 0], theirs.detach().numpy(), rtol=0, atol=1e-9
    )
    (gradient,) = torch.autograd.grad(theirs.mean(dim=0).sum(), x)
    assert ours.forces is not None
    np.testing.assert_allclose(ours.forces, -gradient.numpy(), rtol=0, atol=1e-8)
    assert np.ptp(ours.atomic_energies) > 0.1 and np.abs(ours.forces).max() > 0.1


def test_torchscript_needs_nothing_but_torch(
    ensemble: Ensemble, liquid: tuple[Floats, Floats], tmp_path: Path
) -> None:
    positions, cell = liquid
    save_torchscript(tmp_path / "model.torchscript", ensemble)
    loaded = torch.jit.load(str(tmp_path / "model.torchscript"))
    x = torch.tensor(positions)[None].requires_grad_()
    species = torch.full((1, len(positions)), 28)
    found = loaded((species, x), torch.tensor(cell), torch.tensor([True] * 3)).energies
    (gradient,) = torch.autograd.grad(found.sum(), x)
    ours = predict_arrays(ensemble, positions[None], cell[None], forces=True)
    assert float(found[0]) * HARTREE_TO_EV == pytest.approx(ours.energy[0], abs=1e-7)
    assert ours.forces is not None
    theirs = -gradient[0].numpy() * HARTREE_TO_EV
    np.testing.assert_allclose(ours.forces[0], theirs, rtol=0, atol=1e-6)
