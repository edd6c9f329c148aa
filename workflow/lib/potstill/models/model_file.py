"""The model file: a state dict and plain-Python metadata, written by torch, loaded without pickle.

Weights are float32 as trained; everything is computed in float64 after loading.

`symbol` is "Ni", or "Be-W" for several elements. `mean` and `std` are (D,), or (S, D) for S
elements; `self_energy_eV` is a number, or (S,). `trust` is what the model knows; files of before
have none.
"""

import itertools
import math
import pickle
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ase.data
import torch

from potstill.descriptors.symmetry_functions import feature_count
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.networks import Networks
from potstill.runtime.device import resolve_device
from potstill.runtime.files import atomic_path
from potstill.runtime.unreadable import ZIP, unreadable
from potstill.settings import Training
from potstill.trust.in_file import restored, stored
from potstill.trust.limits import Trust

FORMAT = "potstill-ensemble"
VERSION = 1
_FOREIGN = "name the ensemble.pt of a trained model"


def save_ensemble(path: str | Path, ensemble: Ensemble) -> None:
    """Write the model file atomically; same ensemble, same bytes."""
    one = len(ensemble.elements) == 1
    energies = ensemble.self_energies_eV.cpu()
    mean, std = ensemble.mean.cpu(), ensemble.std.cpu()
    content = {
        "format": FORMAT,
        "version": VERSION,
        "symbol": "-".join(ensemble.elements),
        "training": ensemble.settings.model_dump(mode="json"),
        "self_energy_eV": float(energies) if one else energies,
        "scale_eV": ensemble.scale_eV,
        "mean": mean[0] if one else mean,
        "std": std[0] if one else std,
        "networks": {k: v.float().cpu() for k, v in ensemble.networks.state_dict().items()},
        **({"trust": stored(ensemble.trust)} if ensemble.trust else {}),
    }
    # through a handle, because torch writes the name of a path into the file
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        torch.save(content, handle)


def load_ensemble(
    path: str | Path, *, elements: Sequence[str] | None = None, device: str = "cpu"
) -> Ensemble:
    """Read a model file into float64 on `device` (auto, cpu, cuda).

    Raises PotstillError when the file is missing, broken, of another format or version, or (with
    `elements`) lacks one of these.
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
    try:
        ensemble = _build(content, resolve_device(device))
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise PotstillError(f"{path}: inconsistent model file ({reason}); train again") from None
    if lacking := [symbol for symbol in elements or () if symbol not in ensemble.elements]:
        raise PotstillError(
            f"{path}: this model is for {' and '.join(ensemble.elements)}, not for "
            f"{' and '.join(lacking)}; train one on frames of {' and '.join(elements or ())}"
        )
    return ensemble


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
    elements = tuple(content["symbol"].split("-"))
    numbers = [ase.data.atomic_numbers.get(symbol, 0) for symbol in elements]
    if not all(0 < a < b for a, b in itertools.pairwise([*numbers, math.inf])):
        raise ValueError(f"{content['symbol']!r}: not chemical symbols by atomic number")
    with torch.device("meta"):  # no memory yet: settings that are not the file's may ask for any
        networks = Networks(settings, len(elements))
    networks.load_state_dict(content["networks"], assign=True)
    by_element = {
        name: torch.as_tensor(content[name]).reshape(len(elements), -1)
        for name in ("mean", "std", "self_energy_eV")
    }
    features = feature_count(settings.descriptor, len(elements))
    for name, width in (("mean", features), ("std", features), ("self_energy_eV", 1)):
        if by_element[name].shape[1] != width:
            raise ValueError(f"{name} is of another descriptor, or of other elements")
    constants = by_element | {"scale_eV": torch.as_tensor(content["scale_eV"])}
    for name, values in (constants | networks.state_dict()).items():
        if not (values.is_floating_point() and torch.isfinite(values).all()):
            raise ValueError(f"{name} holds no finite real numbers")
    if (content["std"] <= 0).any():
        raise ValueError("std is not positive")
    return Ensemble(
        elements=elements,
        settings=settings,
        mean=by_element["mean"].to(device),
        std=by_element["std"].to(device),
        self_energies_eV=torch.as_tensor(
            content["self_energy_eV"], dtype=torch.float64, device=device
        ).reshape(-1),
        scale_eV=content["scale_eV"],
        networks=networks.double().requires_grad_(False).to(device),
        trust=_trust(content, networks, features),
    )


def _trust(content: dict[str, Any], networks: Networks, features: int) -> Trust | None:
    """Return what the model knows; None for a file of before."""
    if "trust" not in content:
        return None
    return restored(
        content["trust"],
        elements=networks.elements,
        features=features,
        members=networks.members,
        width=networks.elements * networks.weights[-1].shape[1],
    )
