"""Poisoned data are caught before training, good ones pass."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import units
from ase.build import bulk

from potstill.audit.data_check import check_data
from potstill.audit.repeats import repeats
from potstill.data.frames import Frames, write_frames
from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential, label_frames
from potstill.settings import Training
from potstill.training.train_model import train_model

SETTINGS = Training()
BOHR_A, HARTREE_EV, KCAL_PER_EV = 0.529177, 27.2114, 23.06


def shuffled(frames: Frames, name: str, axis: int) -> Frames:
    """Return frames with a label of other frames (axis 0) or other atoms of the frame (1)."""
    given = getattr(frames, name)
    dense = frames.dense(given) if name == "forces" else given
    values = np.random.default_rng(0).permutation(dense, axis=axis)
    return replace(frames, **{name: values.reshape(given.shape)})


def test_good_labels_pass_and_are_told(thermal: Frames, labelled: Frames) -> None:
    found = check_data(thermal, SETTINGS)
    assert not found["duplicates"] and not found["outlying_energies"]
    assert not found["outlying_forces"]
    assert found["forces_explained"] > 0.9
    assert found["energies_explained"] > 0.9
    assert found["energy_factor"] == 1
    assert check_data(labelled, SETTINGS)["energy_factor"] == 1


@pytest.mark.parametrize(
    ("poison", "told"),
    [
        (lambda f: shuffled(f, "forces", 0), "% of the forces follow"),
        (lambda f: shuffled(f, "forces", 1), "% of the forces follow"),
        (lambda f: shuffled(f, "energy", 0), "% of the energies follow"),
        (lambda f: replace(f, forces=-f.forces), "multiplied by about -"),
        (lambda f: replace(f, energy=f.energy / HARTREE_EV), "as for energies in Hartree or"),
        (lambda f: replace(f, energy=f.energy / units.Ry), "as for energies in Rydberg"),
        (lambda f: replace(f, energy=f.energy / f.atoms), "energies of one atom"),
        (lambda f: replace(f, forces=f.forces * KCAL_PER_EV), "or forces in kcal/mol/A"),
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
        (lambda f: 0 * f.stress, "stress is zero in all frames: label it"),
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
    dense = thermal.dense(thermal.positions)
    shifts = np.random.default_rng(0).integers(-3, 4, dense.shape).astype(float)
    moved = replace(thermal, positions=(dense + shifts @ thermal.cell).reshape(-1, 3))
    found = check_data(moved, SETTINGS)["nearest_neighbour_ratio"]
    assert found == pytest.approx(check_data(thermal, SETTINGS)["nearest_neighbour_ratio"])


@pytest.mark.parametrize(
    ("table", "symbol", "structure", "a", "stretch", "shear", "noise", "seed"),
    [
        ("Al", "Al", "fcc", 4.05, 0.08, 0.02, 0.01, 2),
        ("Ni-Nb", "Nb", "bcc", 3.3, 0.1, 0.05, 0.05, 4),
    ],
)
def test_twelve_right_frames_are_not_refused(
    tables: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
    table: str,
    symbol: str,
    structure: str,
    a: float,
    stretch: float,
    shear: float,
    noise: float,
    seed: int,
) -> None:
    """Sets of stretched cells whose energies change by 0.14 of what a fit to forces alone says."""
    random = np.random.default_rng(seed)
    unit = bulk(symbol, structure, a=a, cubic=True)
    strain = np.eye(3) + shear * random.normal(size=(12, 3, 3))
    strain *= random.uniform(1 - stretch / 2, 1 + stretch, 12)[:, None, None]
    positions = unit.positions @ strain
    positions += noise * random.normal(size=positions.shape)
    potential = EamPotential.from_file(tables[table], symbol)
    given = Structures.uniform(symbol, positions, np.asarray(unit.cell) @ strain)
    frames = label_frames(potential, given)
    found = check_data(frames, Training(stress_weight=0.1))
    assert found["energy_factor"] == pytest.approx(1, abs=0.5)
    assert "to be sure" not in capsys.readouterr().err
    with pytest.raises(PotstillError, match="multiplied by about -"):
        check_data(replace(frames, forces=-frames.forces), SETTINGS)


def test_few_frames_warn_or_pass(thermal: Frames, capsys: pytest.CaptureFixture[str]) -> None:
    few = shuffled(thermal[:8], "forces", 0)
    check_data(few, SETTINGS)
    assert "too close to be sure: only" in capsys.readouterr().err
    check_data(thermal[:8], SETTINGS)
    assert not capsys.readouterr().err


def test_what_is_rounding_is_not_judged(
    thermal: Frames, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(0)
    noise = {
        name: 1e-14 * random.normal(size=getattr(thermal, name).shape)
        for name in ("energy", "forces", "stress")
    }
    noise["forces"][thermal.of_atoms_in(3)] = 1e-11
    noise["energy"][5] = 1e-8
    found = check_data(replace(thermal, **noise), Training(stress_weight=0.1))
    assert not found["outlying_energies"] and not found["outlying_forces"]
    assert "forces_explained" not in found and "energies_explained" not in found
    assert "to be sure" not in capsys.readouterr().err


def test_energies_alone_are_not_judged_by_forces(thermal: Frames) -> None:
    found = check_data(shuffled(thermal, "forces", 0), Training(forces=False))
    assert "forces_explained" not in found


def test_duplicates_and_outliers_are_reported(thermal: Frames) -> None:
    again = thermal[[*range(len(thermal)), 3, 7]]
    assert repeats(again) == [len(thermal), len(thermal) + 1]
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
