"""Dynamics that a model drives: frames that it knows, their temperature, and where it ends."""

import json
from pathlib import Path

import numpy as np
import pytest

from potstill.data.frames import read_frames
from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.exploration import model_dynamics
from potstill.exploration.dynamics_set import write_dynamics_set
from potstill.exploration.model_dynamics import run_model
from potstill.foundation.frame_orders import EXAMPLE
from potstill.foundation.metal_crystal import metal_crystal
from potstill.models.doubts import doubts
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import load_ensemble
from potstill.settings import ElementGiven, ModelDynamics, ModelRun

NICKEL = metal_crystal("Ni", "fcc", 3.516)
SHORT = {"method": "dynamics", "model": "x", "interval_steps": 20, "equilibration_steps": 60}


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return load_ensemble(EXAMPLE / "nickel.pt")


def settings(*runs: dict, frames: int = 2, **changes) -> ModelDynamics:
    return ModelDynamics(runs=runs, frames=frames, **(SHORT | changes))


def course(ensemble: Ensemble, given: ModelDynamics, seed: int = 1):
    random = np.random.default_rng(seed)
    return run_model(ensemble, NICKEL, given, given.runs[0], given.frames, random, "run")


def test_a_cold_crystal_stays_one_that_the_model_knows(ensemble, monkeypatch):
    momenta = []
    bare = model_dynamics.bare
    monkeypatch.setattr(
        model_dynamics,
        "bare",
        lambda atoms: momenta.append(atoms.get_temperature()) or bare(atoms),
    )
    given = settings({"temperature_K": 600}, frames=6, equilibration_steps=400, interval_steps=40)
    found = course(ensemble, given)
    assert not found.stopped and len(found.frames) == 6
    assert not any(v.flag for v in doubts(ensemble, Structures.of_atoms(found.frames)).verdicts)
    # six times 93 degrees of freedom, correlated
    assert np.mean(momenta) == pytest.approx(600, rel=0.2)
    volumes = np.array([atoms.get_volume() for atoms in found.frames]) / 32
    assert (np.abs(volumes / NICKEL.volume_A3 - 1.02) < 0.05).all() and np.ptp(volumes) > 0
    for atoms in found.frames:
        nearest = atoms.get_all_distances(mic=True)[~np.eye(32, dtype=bool)].min()
        assert nearest > 0.85 * NICKEL.nearest_A


def test_it_ends_where_the_model_does_not_know(ensemble):
    found = course(ensemble, settings({"temperature_K": 30_000}, frames=50))
    assert len(found.frames) < 50
    assert found.stopped.partition(":")[0] in ("outside", "unsure", "refused")
    (verdict,) = doubts(ensemble, Structures.of_atoms([found.doubted])).verdicts
    assert verdict.flag == found.stopped


def test_a_liquid_is_none_of_the_crystals(ensemble):
    """Its twelve nearest neighbours are at many distances."""
    given = settings({"temperature_K": 2200, "start": "liquid"}, frames=1)
    crystal = course(ensemble, settings({"temperature_K": 300}, frames=1)).frames[0]
    (liquid,) = course(ensemble, given).frames
    shells = [np.sort(a.get_all_distances(mic=True), axis=1)[:, 1:13] for a in (crystal, liquid)]
    assert 2 * shells[0].std() < shells[1].std()


def test_the_files_of_a_set(ensemble, tmp_path):
    given = settings({"temperature_K": 300}, {"temperature_K": 30_000}, frames=40)
    element = ElementGiven(structure="fcc", lattice_constant_A=3.516)

    def write(place: Path, **changes) -> None:
        write_dynamics_set(
            EXAMPLE / "nickel.pt",
            name="Ni/32/walk",
            symbol="Ni",
            settings=given.model_copy(update=changes),
            element=element,
            seed=1,
            threads=1,
            frames=place / "frames.h5",
            summary=place / "frames.json",
        )

    for name in ("one", "two"):
        write(tmp_path / name)
    found = read_frames(tmp_path / "one/frames.h5")
    cold, hot = json.loads((tmp_path / "one/frames.json").read_text())["runs"]
    assert (cold["frames"], cold["stopped"]) == (20, "") and hot["stopped"]
    assert len(found) == 20 + hot["frames"] and found.energy is None
    assert (found.columns["temperature_K"][:20] == 300).all()
    one, two = ((tmp_path / name / "frames.h5").read_bytes() for name in ("one", "two"))
    assert one == two
    hot_alone = {"runs": (ModelRun(temperature_K=1e6),)}
    with pytest.raises(PotstillError, match=r"sampling\.Ni/32/walk: the model cannot be believed"):
        write(tmp_path / "none", **hot_alone)
