"""Extended XYZ out and in: every label and column bit by bit, and what is read in pieces."""

from dataclasses import replace
from pathlib import Path

import ase.io
import numpy as np
import pytest

from potstill.data import formats
from potstill.data.formats import frames_to_extxyz, read_foreign
from potstill.data.frames import Frames, write_frames
from potstill.data.label_keys import kind_of
from potstill.errors import PotstillError
from potstill.settings import FileSet

SETTINGS = FileSet(method="file", file="frames.xyz", frames=7)
LABELS = ("energy", "atomic_energies", "forces", "stress")


@pytest.fixture
def frames() -> Frames:
    """Seven frames of five atoms in sheared cells, of numbers that need all their digits."""
    draw = np.random.default_rng(3)
    skew = draw.normal(size=(7, 3, 3))
    return Frames(
        symbol="Ni",
        positions=draw.uniform(0, 4, (7, 5, 3)) / 3,
        cell=4 * np.eye(3) + draw.uniform(-0.3, 0.3, (7, 3, 3)),
        energy=draw.normal(-20, 1, 7) * 1e3,
        atomic_energies=draw.normal(-4, 0.1, (7, 5)),
        forces=draw.normal(size=(7, 5, 3)) * 1e-7,
        stress=skew + skew.transpose(0, 2, 1),
        columns={"enthalpy": draw.normal(-20, 1, 7), "walker": np.arange(7) % 2},
    )


def assert_equal(found: Frames, frames: Frames) -> None:
    for name, values in frames.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], values)
        assert np.array_equal(np.signbit(found.arrays[name]), np.signbit(values))
    assert found.arrays.keys() == frames.arrays.keys()
    assert {n: c.tolist() for n, c in found.columns.items()} == {
        n: c.tolist() for n, c in frames.columns.items()
    }


@pytest.mark.parametrize("left_out", [(), ("stress",), ("forces", "atomic_energies"), LABELS])
def test_round_trip(frames, tmp_path, left_out):
    frames = replace(frames, **dict.fromkeys(left_out))
    frames_to_extxyz(tmp_path / "frames.xyz", frames)
    found = read_foreign(tmp_path / "frames.xyz", "Ni/5/own", SETTINGS)
    assert_equal(found.frames, frames)
    assert found.numbers.tolist() == list(range(7))
    assert set(found.keys) == set(LABELS) - set(left_out)


def test_a_stress_that_is_not_symmetric_to_the_last_digit(frames, tmp_path):
    """As those of an EAM are, whose sums round differently; ASE's `stress` would keep a half."""
    stress = frames.stress.copy()
    stress[2, 0, 1] = np.nextafter(stress[2, 0, 1], np.inf)
    frames = replace(frames, stress=stress)
    frames_to_extxyz(tmp_path / "frames.xyz", frames)
    found = read_foreign(tmp_path / "frames.xyz", "Ni/5/own", SETTINGS)
    assert_equal(found.frames, frames)
    assert found.keys["stress"] == "REF_stress"


def test_ase_reads_what_is_written(frames, tmp_path):
    frames_to_extxyz(tmp_path / "frames.xyz", frames)
    atoms = ase.io.read(tmp_path / "frames.xyz", 4)
    assert atoms.get_chemical_formula() == "Ni5" and all(atoms.pbc)
    assert atoms.get_potential_energy() == frames.energy[4]
    np.testing.assert_array_equal(atoms.get_stress(voigt=False), frames.stress[4])
    assert atoms.info["walker"] == 0


@pytest.mark.parametrize("suffix", ["traj", "json", "db"])
def test_other_formats_of_ase(frames, tmp_path, suffix):
    if suffix == "db":
        pytest.importorskip("ase.db")
    path = tmp_path / f"frames.{suffix}"
    ase.io.write(path, [frames.to_ase(i) for i in range(7)])
    found = read_foreign(path, "Ni/5/own", SETTINGS).frames
    for name in ("positions", "cell", "energy", "forces"):
        np.testing.assert_array_equal(found.arrays[name], frames.arrays[name])


def test_a_file_of_our_own(frames, tmp_path):
    write_frames(tmp_path / "own.h5", frames)
    some = read_foreign(tmp_path / "own.h5", "Ni/5/own", SETTINGS.model_copy(update={"every": 3}))
    assert_equal(some.frames, frames[::3])
    assert some.numbers.tolist() == [0, 3, 6]
    with pytest.raises(PotstillError, match="5 Ni atoms, where the set's name says 32 of Cu"):
        read_foreign(tmp_path / "own.h5", "Cu/32/own", SETTINGS)


def test_pieces_are_joined(frames, tmp_path, monkeypatch):
    frames_to_extxyz(tmp_path / "frames.xyz", frames)
    monkeypatch.setattr(formats, "_PIECE", 2)
    assert_equal(read_foreign(tmp_path / "frames.xyz", "Ni/5/own", SETTINGS).frames, frames)


def test_columns_are_what_all_frames_have(frames, tmp_path):
    images = [frames.to_ase(i) for i in range(7)]
    for i, atoms in enumerate(images):
        atoms.info |= {"group": "liquid", "half": 0.5 * i, "cell_like": np.eye(3)}
        if i:
            atoms.info["late"] = i
    ase.io.write(tmp_path / "frames.xyz", images, format="extxyz")
    columns = read_foreign(tmp_path / "frames.xyz", "Ni/5/own", SETTINGS).frames.columns
    assert set(columns) == {"enthalpy", "walker", "half"}
    assert columns["half"].tolist() == [0.5 * i for i in range(7)]


@pytest.mark.parametrize(
    "key, kind",
    [
        ("energy", "energy"),
        ("free_energy", "energy"),
        ("REF_energy", "energy"),
        ("dft-energy", "energy"),
        ("energy_pbe", "energy"),
        ("TotEnergy", "energy"),
        ("force", "forces"),
        ("DFT_forces", "forces"),
        ("REF_stress", "stress"),
        ("dft_virial", "virial"),
        ("energies", "atomic_energies"),
        ("kinetic_energy", None),
        ("formation_energy", None),
        ("energy_per_atom", None),
        ("energy_forces", None),
        ("stresses", None),
        ("group", None),
    ],
)
def test_usual_names(key: str, kind: str | None) -> None:
    assert kind_of(key) == kind


def test_equal_labels_under_two_names_are_one(frames, tmp_path):
    """As EMT's energy and free energy are."""
    images = [frames.to_ase(i) for i in range(7)]
    for atoms in images:
        atoms.calc.results["free_energy"] = atoms.calc.results["energy"]
    ase.io.write(tmp_path / "frames.xyz", images, format="extxyz")
    assert read_foreign(Path(tmp_path / "frames.xyz"), "Ni/5/own", SETTINGS).keys["energy"] == (
        "energy"
    )
