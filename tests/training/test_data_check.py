"""Poisoned data are caught before training, good ones pass."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import units

from potstill.errors import PotstillError
from potstill.frames import Frames, write_frames
from potstill.sections import Training
from potstill.training.data_check import check_data, duplicates
from potstill.training.run import train_model

SETTINGS = Training()
BOHR_A, HARTREE_EV, KCAL_PER_EV = 0.529177, 27.2114, 23.06


def shuffled(frames: Frames, name: str, axis: int) -> Frames:
    values = np.random.default_rng(0).permutation(getattr(frames, name), axis=axis)
    return replace(frames, **{name: values})


def test_good_labels_pass_and_are_told(thermal: Frames, labelled: Frames) -> None:
    found = check_data(thermal, SETTINGS)
    assert not found["duplicates"] and not found["outlying_energies"]
    assert not found["outlying_forces"]
    assert found["forces_explained"] > 0.9
    assert found["energies_explained"] > 0.9
    assert 0.8 < found["energy_slope"] < 1.25
    # where the cells differ in shape and volume, forces say nothing of the energies
    assert check_data(labelled, SETTINGS)["energy_slope"] is None


@pytest.mark.parametrize(
    ("poison", "told"),
    [
        (lambda f: shuffled(f, "forces", 0), "% of the forces follow"),
        (lambda f: shuffled(f, "forces", 1), "% of the forces follow"),
        (lambda f: shuffled(f, "energy", 0), "% of the energies follow"),
        (lambda f: replace(f, forces=-f.forces), "energies change by -"),
        (lambda f: replace(f, energy=f.energy / HARTREE_EV), "energies must be of the whole cell"),
        (lambda f: replace(f, energy=f.energy / units.Ry), "energies must be of the whole cell"),
        (lambda f: replace(f, energy=f.energy / f.atoms), "energies must be of the whole cell"),
        (lambda f: replace(f, forces=f.forces * KCAL_PER_EV), "forces in eV/A"),
        (lambda f: replace(f, forces=f.forces * 10), "forces in eV/A"),  # eV/nm
        (
            lambda f: replace(f, positions=f.positions / BOHR_A, cell=f.cell / BOHR_A),
            "positions and cell must be in A",
        ),
        (lambda f: replace(f, positions=f.positions / 10, cell=f.cell / 10), "must be in A"),
    ],
)
def test_poisoned_labels_are_refused(thermal: Frames, poison, told: str) -> None:
    with pytest.raises(PotstillError, match=told):
        check_data(poison(thermal), SETTINGS)


@pytest.mark.parametrize(
    ("poison", "told"),
    [
        (
            lambda f: f.stress[np.random.default_rng(0).permutation(len(f))],
            "of the stresses follow",
        ),
        (lambda f: 0 * f.stress, "0% of the stresses follow"),
        (lambda f: -f.stress, "positive under tension"),
        (lambda f: f.stress / units.GPa, r"eV/A\^3"),
    ],
)
def test_a_poisoned_stress_is_refused_where_it_is_trained_on(
    thermal: Frames, poison, told: str
) -> None:
    wanted = Training(stress_weight=0.1)
    check_data(thermal, wanted)
    bad = replace(thermal, stress=poison(thermal))
    with pytest.raises(PotstillError, match=told):
        check_data(bad, wanted)
    check_data(bad, SETTINGS)


def test_unwrapped_positions_are_no_other_unit(thermal: Frames) -> None:
    shifts = np.random.default_rng(0).integers(-3, 4, thermal.positions.shape).astype(float)
    moved = replace(thermal, positions=thermal.positions + shifts @ thermal.cell)
    found = check_data(moved, SETTINGS)["nearest_neighbour_ratio"]
    assert found == pytest.approx(check_data(thermal, SETTINGS)["nearest_neighbour_ratio"])


def test_few_frames_are_reported_not_refused(
    thermal: Frames, capsys: pytest.CaptureFixture[str]
) -> None:
    check_data(shuffled(thermal[:20], "forces", 0), SETTINGS)
    assert "frames, too few to be sure: only" in capsys.readouterr().err


def test_energies_alone_are_not_judged_by_forces(thermal: Frames) -> None:
    found = check_data(shuffled(thermal, "forces", 0), Training(forces=False))
    assert "forces_explained" not in found


def test_duplicates_and_outliers_are_reported(thermal: Frames) -> None:
    again = thermal[[*range(len(thermal)), 3, 7]]
    assert duplicates(again) == [len(thermal), len(thermal) + 1]
    energy = thermal.energy.copy()
    energy[5] += 1000.0
    found = check_data(replace(thermal, energy=energy), Training(forces=False))
    assert found["outlying_energies"] == [5]


def test_nothing_is_trained_on_poisoned_data(thermal: Frames, tmp_path: Path) -> None:
    write_frames(tmp_path / "bad.h5", shuffled(thermal, "forces", 0))
    with pytest.raises(PotstillError, match=r"bad\.h5: only \d+% of the forces"):
        train_model(
            tmp_path / "bad.h5",
            count=None,
            settings=SETTINGS,
            seed=1,
            device="cpu",
            threads=1,
            model=tmp_path / "ensemble.pt",
            history=tmp_path / "history.csv",
            summary=tmp_path / "summary.json",
        )
    assert not (tmp_path / "ensemble.pt").exists()
