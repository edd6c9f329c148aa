"""Whole sampling jobs: outputs, restart, refusal of twins."""

import json

import h5py
import numpy as np
import pytest
from ase import units

from potstill.data.frames import read_frames
from potstill.data.structures import frame_sums
from potstill.errors import PotstillError
from potstill.runtime.restart import Restart, restart_file
from potstill.sampling.bias import Mesh, flattening
from potstill.sampling.sample import sample


@pytest.fixture
def start(tmp_path, tables, element):
    def run(settings, folder="a", name="Ni/32/momt", seed=5):
        target = tmp_path / folder
        paths = {
            "frames": target / "set.h5",
            "summary": target / "set.json",
            "trace": target / "set_trace.h5",
        }
        sample(
            settings,
            name=name,
            element=element,
            potential=tables["Ni-Nb"],
            seed=seed,
            device="cpu",
            threads=2,
            **paths,
        )
        return paths

    return run


def test_a_momt_set_is_complete_and_consistent(start, momt, nickel):
    paths = start(momt())
    frames = read_frames(paths["frames"])
    assert len(frames) == 20 and frames.atoms == 32 and frames.symbol == "Ni"
    assert (np.diff(frames.columns["step"]) >= 0).all()
    assert np.array_equal(frames.columns["walker"], np.tile(np.arange(4), 5))
    volume = np.linalg.det(frames.cell)
    enthalpy = frames.energy + units.bar * volume
    assert frames.columns["enthalpy"] == pytest.approx(enthalpy, abs=1e-8)
    assert frames.energy == pytest.approx(
        frame_sums(frames.atomic_energies, frames.sizes), abs=1e-9
    )
    labels = nickel.evaluate(frames)
    assert frames.forces == pytest.approx(labels.forces, abs=1e-10)
    # half of the walkers start molten
    assert frames.columns["order_parameter"][:4][[0, 2]].min() > 15
    assert frames.columns["order_parameter"][:4][[1, 3]].max() < 8
    summary = json.loads(paths["summary"].read_text())
    assert summary["frames"] == 20 and summary["steps"] == 2000 and summary["seed"] == 5
    assert summary["round_trips"] == 0 and summary["round_trips_note"].startswith("none yet")
    with h5py.File(paths["trace"]) as store:
        assert store["enthalpy"].shape == (4, 1000 // 50)
        assert store["bias"].shape == (60, 47)
        # four walkers, 500 learning steps each, a deposit of 0.1 kT every 100 in the first 300: the
        # sum of weights
        deposits = 4 * 3 * 0.1 * units.kB * 2000
        # and what flattens the histogram of O, the same at every enthalpy, found in the second half
        # of those steps and in the steps without deposits
        mesh = Mesh(*store["enthalpy_nodes"][[0, -1]], store["order_nodes"][-1], 0.0, 0.0)
        order = store["order_parameter"]
        flat = sum(
            flattening(order[:, first // 50 : end // 50], mesh, 47, 0.25)
            for first, end in ((150, 300), (300, 500))
        )
        learned = store["bias"][...] - units.kB * 2000 * flat
        assert learned.min() > -1e-12 and 0 < learned.max() <= deposits


def test_walkers_that_stay_below_the_floor_begin_anew_where_another_is(start, momt):
    """The floor is so far above the melt that both molten walkers go back to the crystal."""
    high = {"enthalpy_range_eV_per_atom": (-4.73, -3.5), "enthalpy_floor_eV_per_atom": -3.6}
    frames = read_frames(start(momt(**high))["frames"])
    assert frames.columns["order_parameter"].min() > 8  # a melt has less
    last = frames.dense(frames.positions)[-4:]
    for walker in range(4):
        others = np.delete(last, walker, axis=0)
        assert np.abs(others - last[walker]).max(axis=(1, 2)).min() > 0.1  # each on its own way


def test_conventional_runs_keep_their_phase_and_temperature(start, npt):
    settings = {"production_steps": 20_000, "equilibration_steps": 4000, "walkers": 2}
    crystal = start(npt(**settings), "crystal", "Ni/32/fcc")
    liquid = start(npt(start="liquid", temperature_K=3400.0, **settings), "liquid", "Ni/32/liquid")
    assert read_frames(crystal["frames"]).columns["order_parameter"].min() > 20
    assert read_frames(liquid["frames"]).columns["order_parameter"].max() < 10
    for paths, temperature in ((crystal, 1500), (liquid, 3400)):
        summary = json.loads(paths["summary"].read_text())
        assert summary["melting_temperature_K"] is None
        # 96 degrees of freedom over about 80 independent samples: 1.5%, and 4 of those
        assert summary["kinetic_temperature_K"] == pytest.approx(temperature, rel=0.06)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(start, momt):
    first, again, other = start(momt()), start(momt(), "b"), start(momt(), "c", seed=6)
    for name in ("frames", "trace"):
        assert first[name].read_bytes() == again[name].read_bytes()
        assert first[name].read_bytes() != other[name].read_bytes()


@pytest.mark.parametrize("stop_after", [2, 7])  # in learning; in production
def test_an_interrupted_run_goes_on_to_the_same_bytes(start, momt, monkeypatch, stop_after):
    whole = start(momt())
    segments = 0

    def stop(self):
        nonlocal segments
        segments += 1
        self.stop = segments == stop_after
        return self.stop

    monkeypatch.setattr(Restart, "due", stop)
    with pytest.raises(SystemExit) as ended:
        start(momt(), "b")
    assert ended.value.code == 143
    monkeypatch.undo()
    resumed = start(momt(), "b")
    for name in ("frames", "trace"):
        assert whole[name].read_bytes() == resumed[name].read_bytes()
    assert not list(resumed["frames"].parent.glob("*.restart"))


def test_a_restart_file_of_other_settings_is_not_used(start, momt, monkeypatch, capsys):
    def stop(self):
        self.stop = True
        return True

    monkeypatch.setattr(Restart, "due", stop)
    with pytest.raises(SystemExit):
        start(momt(), "b")
    monkeypatch.undo()
    other = start(momt(height_kT=0.2), "b")
    assert "other settings" in capsys.readouterr().err
    assert other["trace"].read_bytes() == start(momt(height_kT=0.2), "c")["trace"].read_bytes()


def test_a_second_process_on_the_same_output_is_refused(start, momt, tmp_path):
    with (
        restart_file(tmp_path / "a" / "set.h5", "x"),
        pytest.raises(PotstillError, match="another process is making this file"),
    ):
        start(momt())
