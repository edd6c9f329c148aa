"""The ensemble as a TorchScript file, which C++ and Python programs load without this project."""

from pathlib import Path

import torch

from potstill.models.ensemble import Ensemble
from potstill.models.torchani_model import to_torchani
from potstill.runtime.files import atomic_path


def save_torchscript(path: str | Path, ensemble: Ensemble) -> None:
    """Write the model of `to_torchani` as TorchScript, atomically.

    Loaded, it is called with (atomic numbers (1, N), positions (1, N, 3) in A), cell (3, 3) and
    which directions are periodic (3,), all float64, and gives the mean energy in Hartree; forces
    by autograd.
    """
    scripted = torch.jit.script(to_torchani(ensemble))
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        torch.jit.save(scripted, handle)
