"""What a trained ensemble knows, of frames whose errors can be looked up."""

from pathlib import Path

import numpy as np
import pytest
import torch

from potstill.data.frames import Frames
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import load_ensemble, save_ensemble
from potstill.models.predict import predict_members
from potstill.runtime.device import limit_threads
from potstill.runtime.restart import Restart
from potstill.settings import Training
from potstill.training.learn_trust import learn_trust
from potstill.training.loop import split, train

SETTINGS = Training(steps=400, layers=(16, 16), validation_interval=200)
SEED = 3


@pytest.fixture(scope="module")
def trained(thermal: Frames, tmp_path_factory: pytest.TempPathFactory) -> Ensemble:
    """An ensemble trained on 120 of the thermal frames, in whole turns of their displacements."""
    limit_threads(1)
    restart = Restart(tmp_path_factory.mktemp("train") / "restart", "", float("inf"))
    frames = thermal[:120]
    ensemble, _ = train(frames, SETTINGS, SEED, restart=restart)
    return learn_trust(ensemble, frames, split(120, SETTINGS, SEED))


def test_errors_of_new_frames_are_covered(trained: Ensemble, thermal: Frames) -> None:
    new = thermal[120:]
    found = trained.predict(new, forces=True, spread=True)
    assert trained.trust is not None and found.force_std is not None
    assert found.forces is not None and new.forces is not None and new.energy is not None
    error = np.abs(found.forces - new.forces) / found.force_std[:, None]
    covered = [float((error <= factor).mean()) for factor in trained.trust.force.within]
    assert covered == pytest.approx([0.683, 0.954], abs=0.05)
    # 80 energies tell a share of 68% to 5%
    energy = np.abs(found.energy - new.energy) / found.energy_std
    inside = float((energy <= trained.trust.energy.within[0]).mean())
    assert inside == pytest.approx(0.683, abs=0.16)


def test_frames_like_those_trained_on_are_inside(trained: Ensemble, thermal: Frames) -> None:
    assert trained.trust is not None
    limits = trained.trust.limits
    found = trained.predict(thermal[120:], forces=True, spread=True)
    assert found.distance is not None and found.force_std is not None
    assert (found.distance > limits.atom_distance).mean() < 0.002
    assert (found.force_std > limits.force_eV_per_A).mean() < 0.002
    assert (found.energy_std / 32 > limits.energy_eV_per_atom).mean() < 0.05


def test_it_is_kept_in_the_model_file(trained: Ensemble, tmp_path: Path, thermal: Frames) -> None:
    save_ensemble(tmp_path / "model.pt", trained)
    loaded = load_ensemble(tmp_path / "model.pt")
    ours, theirs = loaded.trust, trained.trust
    assert ours is not None and theirs is not None
    assert (ours.limits, ours.energy, ours.force) == (theirs.limits, theirs.energy, theirs.force)
    for a, b in zip(ours.surroundings.points, theirs.surroundings.points, strict=True):
        assert a.dtype == np.float16 and (a == b).all()
    save_ensemble(tmp_path / "again.pt", loaded)
    assert (tmp_path / "again.pt").read_bytes() == (tmp_path / "model.pt").read_bytes()
    before, after = (e.predict(thermal[:3], forces=True, spread=True) for e in (trained, loaded))
    np.testing.assert_allclose(after.distance, before.distance, rtol=1e-3)


def test_atoms_trained_on_are_at_no_distance(trained: Ensemble, thermal: Frames) -> None:
    """All of few atoms are points; each is near itself, and far from what it is not."""
    few = thermal[:10]
    held = split(10, SETTINGS, SEED)
    known = learn_trust(trained, few, held).trust
    assert known is not None
    members = predict_members(trained, few)
    numbers = np.zeros(len(few.species), dtype=np.int64)
    assert len(known.surroundings.points[0]) == 320
    assert known.surroundings.distances(members.x, numbers).max() < 0.05
    assert known.limits.atom_distance > 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("points", []),
        ("points", [torch.zeros(4, 3, dtype=torch.float16)]),
        ("points", [torch.full((4, 40), torch.nan, dtype=torch.float16)]),
        ("last_layer", "nothing"),
        ("last_layer", torch.zeros(5, 8, 8)),
        ("limits", {"leverage": 1.0}),
        ("energy", None),
    ],
)
def test_a_file_of_something_else(
    trained: Ensemble, tmp_path: Path, name: str, value: object
) -> None:
    save_ensemble(tmp_path / "model.pt", trained)
    content = torch.load(tmp_path / "model.pt", weights_only=True)
    content["trust"][name] = value
    torch.save(content, tmp_path / "model.pt")
    with pytest.raises(PotstillError, match=r"model\.pt: inconsistent model file .*train again"):
        load_ensemble(tmp_path / "model.pt")
