"""The model file: round trip, bytes, refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.models import load_ensemble
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import save_ensemble

Floats = NDArray[np.float64]


@pytest.fixture
def path(ensemble: Ensemble, tmp_path: Path) -> Path:
    made = tmp_path / "ensemble.pt"
    save_ensemble(made, ensemble)
    return made


def test_round_trip(path: Path, ensemble: Ensemble, tmp_path: Path) -> None:
    loaded = load_ensemble(path, symbol="Ni")
    assert loaded.settings == ensemble.settings
    assert (loaded.self_energy_eV, loaded.scale_eV) == (-4.25, 0.7)
    torch.testing.assert_close(loaded.mean, ensemble.mean, rtol=0, atol=0)
    for ours, theirs in zip(
        loaded.networks.parameters(), ensemble.networks.parameters(), strict=True
    ):
        assert ours.dtype == torch.float64
        torch.testing.assert_close(ours, theirs.float().double(), rtol=0, atol=0)
    again = tmp_path / "other-name.pt"
    save_ensemble(again, loaded)
    assert again.read_bytes() == path.read_bytes()


def _change(path: Path, **changes: Any) -> None:
    content = torch.load(path, weights_only=True)
    content.update(changes)
    torch.save(content, path)


def test_other_version(path: Path) -> None:
    _change(path, version=99)
    with pytest.raises(PotstillError, match="version 99, this potstill reads 1"):
        load_ensemble(path)


def test_other_element(path: Path) -> None:
    with pytest.raises(PotstillError, match="for Ni, not for Al"):
        load_ensemble(path, symbol="Al")


def test_other_format(path: Path) -> None:
    _change(path, format="something else")
    with pytest.raises(PotstillError, match="not a model file of Potstill"):
        load_ensemble(path)
    torch.save([1, 2], path)
    with pytest.raises(PotstillError, match="not a model file of Potstill"):
        load_ensemble(path)


def test_networks_of_another_shape(path: Path) -> None:
    content = torch.load(path, weights_only=True)
    content["training"]["layers"] = [8, 8]
    torch.save(content, path)
    with pytest.raises(PotstillError, match="inconsistent model file"):
        load_ensemble(path)


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.98])
def test_truncated(path: Path, keep: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    with pytest.raises(
        PotstillError, match=r"ensemble\.pt: (an empty file, )?not a (whole )?model file; move"
    ):
        load_ensemble(path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(PotstillError, match="no such model file"):
        load_ensemble(tmp_path / "none.pt")


def test_no_gpu(path: Path) -> None:
    if torch.cuda.is_available():
        assert load_ensemble(path, device="cuda").device.type == "cuda"
    else:
        with pytest.raises(PotstillError, match="no GPU; set device: cpu"):
            load_ensemble(path, device="cuda")
