"""The model file: round trip, bytes, refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ensembles import mixed_structures
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
    assert_round_trip(path, ensemble, tmp_path / "other-name.pt")
    content = torch.load(path, weights_only=True)
    assert content["symbol"] == "Ni" and content["self_energy_eV"] == -4.25
    assert content["mean"].shape == content["std"].shape == (40,)


def test_round_trip_of_several_elements(alloy_path: Path, alloy: Ensemble, tmp_path: Path) -> None:
    assert_round_trip(alloy_path, alloy, tmp_path / "other-name.pt")
    many = mixed_structures(["Be", "W"])
    before, after = (e.predict(many, forces=False) for e in (alloy, load_ensemble(alloy_path)))
    np.testing.assert_allclose(before.energies, after.energies, rtol=1e-6)


@pytest.fixture
def alloy(make_ensemble: Callable[..., Ensemble]) -> Ensemble:
    return make_ensemble(mixed_structures(["Be", "W"]))


@pytest.fixture
def alloy_path(alloy: Ensemble, tmp_path: Path) -> Path:
    made = tmp_path / "alloy.pt"
    save_ensemble(made, alloy)
    return made


def assert_round_trip(path: Path, ensemble: Ensemble, again: Path) -> None:
    loaded = load_ensemble(path, elements=ensemble.elements)
    assert (loaded.elements, loaded.settings) == (ensemble.elements, ensemble.settings)
    assert loaded.scale_eV == ensemble.scale_eV == 0.7
    for name in ("mean", "std", "self_energies_eV"):
        torch.testing.assert_close(getattr(loaded, name), getattr(ensemble, name), rtol=0, atol=0)
    for ours, theirs in zip(
        loaded.networks.parameters(), ensemble.networks.parameters(), strict=True
    ):
        assert ours.dtype == torch.float64
        torch.testing.assert_close(ours, theirs.float().double(), rtol=0, atol=0)
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


def test_other_element(path: Path, alloy_path: Path) -> None:
    with pytest.raises(PotstillError, match="for Ni, not for Al; train one on frames of Al and Ni"):
        load_ensemble(path, elements=["Al", "Ni"])
    with pytest.raises(PotstillError, match="for Be and W, not for Ni"):
        load_ensemble(alloy_path, elements=["Ni"])
    assert load_ensemble(alloy_path, elements=["W"]).elements == ("Be", "W")


@pytest.mark.parametrize(
    "changes",
    [
        {"symbol": "W-Be"},
        {"symbol": "Be-Be"},
        {"symbol": "Be-W-Xx"},
        {"symbol": "Be"},
        {"symbol": 4},
        {"self_energy_eV": -4.25},
        {"self_energy_eV": torch.tensor([-4.0, float("nan")])},
        {"mean": torch.zeros(40)},
        {"std": torch.zeros(2, 128)},
    ],
)
def test_elements_that_do_not_fit(alloy_path: Path, changes: dict[str, Any]) -> None:
    _change(alloy_path, **changes)
    with pytest.raises(PotstillError, match="inconsistent model file"):
        load_ensemble(alloy_path)


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
