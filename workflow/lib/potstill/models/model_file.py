"""The model file: a state dict and plain-Python metadata, written by torch, loaded without pickle.

Weights are float32 as trained; everything is computed in float64 after loading.
"""

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import ase.data
import torch

from potstill.descriptors.symmetry_functions import feature_count
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble, Networks
from potstill.runtime.device import resolve_device
from potstill.runtime.files import atomic_path
from potstill.runtime.unreadable import ZIP, unreadable
from potstill.settings import Training

FORMAT = "potstill-ensemble"
VERSION = 1
_FOREIGN = "name the ensemble.pt of a trained model"
_NUMBERS = ("self_energy_eV", "scale_eV", "mean", "std")


def save_ensemble(path: str | Path, ensemble: Ensemble) -> None:
    """Write the model file atomically; same ensemble, same bytes."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "symbol": ensemble.symbol,
        "training": ensemble.settings.model_dump(mode="json"),
        "self_energy_eV": ensemble.self_energy_eV,
        "scale_eV": ensemble.scale_eV,
        "mean": ensemble.mean.cpu(),
        "std": ensemble.std.cpu(),
        "networks": {k: v.float().cpu() for k, v in ensemble.networks.state_dict().items()},
    }
    # through a handle, because torch writes the name of a path into the file
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        torch.save(content, handle)


def load_ensemble(path: str | Path, *, symbol: str | None = None, device: str = "cpu") -> Ensemble:
    """Read a model file into float64 on `device` (auto, cpu, cuda).

    Raises PotstillError when the file is missing, broken, of another format or version, or (with
    `symbol`) of another element.
    """
    if not Path(path).exists():
        raise PotstillError(f"{path}: no such model file; run the training rule that makes it")
    try:
        # torch warns of a TorchScript file before it refuses it
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError, KeyError, ValueError):
        raise _unreadable(path) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise PotstillError(f"{path}: not a model file of Potstill; {_FOREIGN}")
    if content.get("version") != VERSION:
        raise PotstillError(
            f"{path}: model file version {content.get('version')}, this potstill reads {VERSION}; "
            "train again or use the version that wrote it"
        )
    if symbol is not None and content.get("symbol") != symbol:
        raise PotstillError(
            f"{path}: this model is for {content.get('symbol')}, not for {symbol}; "
            f"train one on {symbol} frames"
        )
    try:
        return _build(content, resolve_device(device))
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise PotstillError(f"{path}: inconsistent model file ({reason}); train again") from None


def _unreadable(path: str | Path) -> PotstillError:
    """Return the error of a file that torch does not read."""
    if not zipfile.is_zipfile(path):  # its table of contents is its end
        return unreadable(path, "model file", ZIP, _FOREIGN)
    with zipfile.ZipFile(path) as archive:
        is_script = any("/code/" in name for name in archive.namelist())
    kind = "a TorchScript file" if is_script else "another zip file, or damaged"
    return PotstillError(f"{path}: not a model file of Potstill but {kind}; {_FOREIGN}")


def _build(content: dict[str, Any], device: str) -> Ensemble:
    settings = Training.model_validate(content["training"])
    with torch.device("meta"):  # no memory yet: settings that are not the file's may ask for any
        networks = Networks(settings)
    networks.load_state_dict(content["networks"], assign=True)
    if content["symbol"] not in ase.data.atomic_numbers:
        raise ValueError(f"{content['symbol']!r} is no chemical symbol")
    for name in ("mean", "std"):
        if content[name].shape != (feature_count(settings.descriptor),):
            raise ValueError(f"{name} is of another descriptor")
    numbers = {name: torch.as_tensor(content[name]) for name in _NUMBERS}
    for name, values in (numbers | networks.state_dict()).items():
        if not (values.is_floating_point() and torch.isfinite(values).all()):
            raise ValueError(f"{name} holds no finite real numbers")
    if (content["std"] <= 0).any():
        raise ValueError("std is not positive")
    return Ensemble(
        symbol=content["symbol"],
        settings=settings,
        mean=content["mean"].to(device),
        std=content["std"].to(device),
        self_energy_eV=content["self_energy_eV"],
        scale_eV=content["scale_eV"],
        networks=networks.double().requires_grad_(False).to(device),
    )
