"""Training: it learns, repeats, resumes, and stops on what it must not train on."""

from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import torch
from ase.stress import full_3x3_to_voigt_6_stress

from potstill.data.frames import Frames
from potstill.errors import PotstillError
from potstill.models.networks import Networks
from potstill.models.predict import predict
from potstill.runtime.restart import Restart
from potstill.settings import Training
from potstill.training import prepare as preparation
from potstill.training.loop import Trainer, split, train
from potstill.training.loss import errors, frame_losses
from potstill.training.prepare import prepare

SHORT = Training(members=2, layers=(24, 16), steps=30, validation_interval=10, batch_frames=4)


def fresh(folder: Path) -> Restart:
    return Restart(folder / "unused", "", 1e9)


def test_learns_energies_and_forces(labelled: Frames, tmp_path: Path) -> None:
    settings = Training(members=3, layers=(32, 24), steps=500)
    ensemble, fit = train(labelled[:40], settings, 1, restart=fresh(tmp_path))
    test = labelled[40:]
    got = predict(ensemble, test, forces=True)
    energy_rms = np.std((got.energy - test.energy) / test.atoms)
    assert energy_rms < 0.05 * np.std(test.energy / test.atoms)
    assert got.forces is not None
    assert np.std(got.forces - test.forces) < 0.1 * np.std(test.forces)
    # what training reports is what each member does on the frames that it did not see
    atomic = predict(ensemble, labelled[:40], forces=False).atomic_energies
    error = np.abs(atomic.reshape(3, 40, 32).sum(axis=2) - labelled.energy[:40]) / 32
    held = split(40, settings, 1)
    expected = [error[m, held[m]].mean() for m in range(3)]
    np.testing.assert_allclose(fit.energy_mae, expected, rtol=0.01)
    assert (fit.best_step > 0).all()
    # members differ, and the self energy is the mean energy of an atom
    assert got.atomic_energies.std(axis=0).min() > 0
    assert float(ensemble.self_energies_eV) == pytest.approx(labelled[:40].energy.mean() / 32)


def test_learns_from_energies_only(labelled: Frames, tmp_path: Path) -> None:
    settings = Training(members=2, layers=(24,), forces=False, steps=400)
    hidden = replace(labelled, forces=np.full_like(labelled.forces, np.nan))
    ensemble, fit = train(hidden[:40], settings, 1, restart=fresh(tmp_path))
    test = labelled[40:]
    got = predict(ensemble, test, forces=False)
    assert np.std(got.energy - test.energy) < 0.3 * np.std(test.energy)
    assert np.isnan(fit.force_mae).all() and (fit.energy_mae < 0.05).all()


def test_same_seed_same_weights(labelled: Frames, tmp_path: Path) -> None:
    weights = []
    for seed in (1, 1, 2):
        ensemble, _ = train(labelled[:12], SHORT, seed, restart=fresh(tmp_path))
        weights.append(torch.cat([p.flatten() for p in ensemble.networks.parameters()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


class _Stopped(Exception):
    pass


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
def test_interrupted_training_resumes(
    labelled: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, schedule: str
) -> None:
    settings = SHORT.model_copy(update={"schedule": schedule, "patience": 2})
    frames = labelled[:12]
    whole, whole_fit = train(frames, settings, 1, restart=fresh(tmp_path))
    restart = Restart(tmp_path / "state", "same", 1e9)
    calls = []

    def due(self: Restart) -> bool:
        calls.append(1)
        return len(calls) in (7, 18)

    def save(self: Restart, state: dict[str, np.ndarray]) -> None:
        inner(self, state)
        raise _Stopped

    inner = Restart.save
    monkeypatch.setattr(Restart, "due", due)
    monkeypatch.setattr(Restart, "save", save)
    for _ in range(2):
        with pytest.raises(_Stopped):
            train(frames, settings, 1, restart=restart)
    resumed, fit = train(frames, settings, 1, restart=restart)
    # every step was made once: seven, eleven more, and the rest
    assert len(calls) == whole_fit.step
    assert fit.history == whole_fit.history
    for a, b in zip(resumed.networks.parameters(), whole.networks.parameters(), strict=True):
        assert torch.equal(a, b)


def test_early_stop_keeps_the_best_weights(labelled: Frames, tmp_path: Path) -> None:
    """A learning rate that wrecks the networks: the best validation is kept, and training ends."""
    wrecked = {"members": 2, "layers": (16,), "learning_rate": 0.5, "validation_interval": 5}
    settings = Training(steps=400, patience=3, schedule="plateau", **wrecked)
    ensemble, fit = train(labelled[:20], settings, 1, restart=fresh(tmp_path))
    assert fit.step < 400 and fit.stalled == 3
    losses = [row[2] for row in fit.history]
    assert min(losses) < losses[-1]
    data = prepare(labelled[:20], settings, "cpu")
    held = split(20, settings, 1)
    with torch.no_grad():
        networks = ensemble.networks.float()
        loss = frame_losses(errors(networks, data, np.arange(20)), data, settings).numpy()
    again = [loss[m, held[m]].mean() for m in range(2)]
    np.testing.assert_allclose(again, fit.best_loss, rtol=1e-4)
    cosine = settings.model_copy(update={"schedule": "cosine", "steps": 100, "patience": 1})
    _, fit = train(labelled[:20], cosine, 1, restart=fresh(tmp_path))
    losses = [row[2] for row in fit.history]
    stalled = max(len(list(run)) for _, run in groupby(np.minimum.accumulate(losses)))
    assert fit.step == 100 and stalled > cosine.patience


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
@pytest.mark.parametrize("step", [SHORT.steps - 10, SHORT.steps])
def test_the_last_weights_of_a_cosine_schedule_are_kept(
    labelled: Frames, schedule: str, step: int
) -> None:
    """Whatever was validated before: member 0 was 5% better, member 1 a hundred times."""
    settings = SHORT.model_copy(update={"schedule": schedule})
    trainer = Trainer(prepare(labelled[:20], settings, "cpu"), settings, 1)
    trainer.validate()
    trainer.fit.best_loss *= (0.95, 0.01)
    for best in trainer.best:
        best.zero_()
    trainer.fit.step = step
    trainer.validate()
    weights = trainer.parameters[0].detach()
    ended = schedule == "cosine" and step == SHORT.steps
    assert torch.equal(trainer.best[0], weights if ended else torch.zeros_like(weights))


def test_loss_by_hand(labelled: Frames) -> None:
    frames = labelled[:6]
    settings = SHORT.model_copy(update={"stress_weight": 0.25})
    data = prepare(frames, settings, "cpu")
    networks = Networks(settings)  # all zero: predicts the self energy, no forces and no stress
    with torch.no_grad():
        found = errors(networks, data, np.arange(6))
    per_atom = frames.energy / 32
    np.testing.assert_allclose(found.energy[0], per_atom.mean() - per_atom, atol=1e-6)
    np.testing.assert_allclose(found.force[1], -frames.forces, atol=1e-5)
    stress = full_3x3_to_voigt_6_stress(frames.stress)
    np.testing.assert_allclose(found.stress[1], -stress, atol=1e-6)
    losses = frame_losses(found, data, settings)
    weights = settings.energy_weight + settings.force_weight + settings.stress_weight
    assert float(losses.mean()) == pytest.approx(weights, rel=1e-5)


def test_members_validate_on_their_own_share() -> None:
    held = split(50, Training(members=4), 3)
    assert held.sum(axis=1).tolist() == [10] * 4
    assert len({tuple(row) for row in held.tolist()}) == 4
    with pytest.raises(PotstillError, match="leaves none to train on"):
        split(1, Training(), 3)


def test_derivatives_that_are_not_kept_change_nothing(
    labelled: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SHORT.model_copy(update={"stress_weight": 0.1})
    kept, _ = train(labelled[:20], settings, 1, restart=fresh(tmp_path))
    monkeypatch.setattr(preparation, "KEPT_BYTES", 0)
    monkeypatch.setattr(preparation, "PART_ATOMS", 7 * labelled.atoms)
    again, _ = train(labelled[:20], settings, 1, restart=fresh(tmp_path))
    for a, b in zip(kept.networks.parameters(), again.networks.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("name", ["energy", "forces", "stress"])
def test_a_label_that_is_not_a_number_is_named(labelled: Frames, tmp_path: Path, name: str) -> None:
    values = getattr(labelled, name).copy()
    values[7 * labelled.atoms if name == "forces" else 7] = np.nan
    settings = SHORT.model_copy(update={"stress_weight": 0.1})
    with pytest.raises(PotstillError, match=f"frame 7: its {name} label"):
        train(replace(labelled, **{name: values}), settings, 1, restart=fresh(tmp_path))


def test_a_loss_that_is_not_a_number_is_named(labelled: Frames) -> None:
    data = prepare(labelled[:8], SHORT, "cpu")
    data.forces[3 * labelled.atoms + 20, 1] = torch.inf
    trainer = Trainer(data, SHORT, 1)
    with pytest.raises(PotstillError, match=r"loss of frame 3 .*lower training\.learning_rate"):
        for _ in range(2):  # two batches of four hold all frames
            trainer.step()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_trains_alike(labelled: Frames, tmp_path: Path) -> None:
    losses = []
    for device in ("cpu", "cuda"):
        ensemble, fit = train(labelled[:12], SHORT, 1, device=device, restart=fresh(tmp_path))
        assert ensemble.device.type == device
        losses.append(fit.best_loss)
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.05)


def test_an_element_that_no_frame_holds(labelled: Frames, tmp_path: Path) -> None:
    """A model that is for aluminium too knows nickel as well, and says that it is not sure."""
    both = ("Al", "Ni")
    ensemble, _ = train(labelled[:20], SHORT, 1, elements=both, restart=fresh(tmp_path))
    assert ensemble.elements == both
    assert float(ensemble.self_energies_eV[0]) == 0
    found = ensemble.predict(labelled[20:24], forces=True)
    assert np.abs(found.energy - labelled.energy[20:24]).max() / 32 < 0.2
    strange = replace(labelled[20:24], species=np.full_like(labelled[20:24].species, 13))
    unsure = ensemble.predict(strange, forces=False)
    assert unsure.energy_std.min() > 10 * found.energy_std.max()
