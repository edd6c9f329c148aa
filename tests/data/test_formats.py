"""Extended XYZ out and in: every label and column bit by bit, and what is read in pieces."""

from dataclasses import replace
from pathlib import Path

import ase.io
import numpy as np
import pytest

from potstill.data import formats
from potstill.data.formats import frames_to_extxyz, read_foreign
from potstill.data.frame_store import BY_ATOM, LABELS
from potstill.data.frames import Frames, write_frames
from potstill.data.label_keys import kind_of
from potstill.errors import PotstillError
from potstill.settings import FileSet

SETTINGS = FileSet(method="file", file="frames.xyz", frames=7)
MIXED = "WNiBe/mixed/own"


@pytest.fixture
def frames() -> Frames:
    """Seven frames of five atoms in sheared cells, of numbers that need all their digits."""
    draw = np.random.default_rng(3)
    skew = draw.normal(size=(7, 3, 3))
    return Frames.uniform(
        "Ni",
        draw.uniform(0, 4, (7, 5, 3)) / 3,
        4 * np.eye(3) + draw.uniform(-0.3, 0.3, (7, 3, 3)),
        energy=draw.normal(-20, 1, 7) * 1e3,
        atomic_energies=draw.normal(-4, 0.1, 35),
        forces=draw.normal(size=(35, 3)) * 1e-7,
        stress=skew + skew.transpose(0, 2, 1),
        columns={"enthalpy": draw.normal(-20, 1, 7), "walker": np.arange(7) % 2},
    )


@pytest.fixture
def mixed() -> Frames:
    """Nine frames of one to nine atoms of three elements; bulk, slabs, a wire and clusters.

    Each label is lacking in some of them.
    """
    draw = np.random.default_rng(4)
    sizes = np.array([1, 4, 2, 9, 4, 3, 5, 4, 2])
    atoms, skew = sizes.sum(), draw.normal(size=(9, 3, 3))
    cell = 6 * np.eye(3) + draw.uniform(-0.3, 0.3, (9, 3, 3))
    pbc = np.ones((9, 3), dtype=bool)
    pbc[1], pbc[2], pbc[3], pbc[6] = (True, True, False), (False, True, False), False, False
    cell[1, 2] = cell[3] = 0.0  # what is not periodic needs no vector, and may have one
    start = np.concatenate([[0], np.cumsum(sizes)])
    made = Frames(
        start=start,
        species=draw.choice([28, 4, 74], atoms),
        positions=draw.uniform(0, 4, (atoms, 3)) / 3 * np.arange(1, atoms + 1)[:, None],
        cell=cell,
        pbc=pbc,
        energy=draw.normal(-20, 1, 9) * 1e3,
        atomic_energies=draw.normal(-4, 0.1, atoms),
        forces=draw.normal(size=(atoms, 3)) * 1e-7,
        stress=skew + skew.transpose(0, 2, 1),
        lacking={
            "energy": np.arange(9) == 5,
            "forces": np.arange(9) % 4 == 1,
            "atomic_energies": np.arange(9) < 3,
            "stress": np.isin(np.arange(9), (1, 3, 7)),
        },
        columns={"enthalpy": draw.normal(-20, 1, 9), "walker": np.arange(9) % 2},
    )
    for name, values in made.labels.items():
        rows = made.rows(made.lacking[name]) if name in BY_ATOM else made.lacking[name]
        values[rows] = 0.0
    return made


def assert_equal(found: Frames, frames: Frames) -> None:
    """See that all arrays are the same bit by bit, zeros' signs included."""
    assert found.labels.keys() == frames.labels.keys()
    for name in ("start", "species", "positions", "cell", "pbc", *frames.labels):
        values, wanted = getattr(found, name), getattr(frames, name)
        np.testing.assert_array_equal(values, wanted)
        assert np.array_equal(np.signbit(values), np.signbit(wanted))
    for name in LABELS:
        np.testing.assert_array_equal(found.has(name), frames.has(name))
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


def test_round_trip_of_several_elements_sizes_and_boundaries(mixed, tmp_path, capsys):
    frames_to_extxyz(tmp_path / "frames.xyz", mixed)
    found = read_foreign(tmp_path / "frames.xyz", MIXED, SETTINGS)
    assert_equal(found.frames, mixed)
    said = capsys.readouterr().err
    assert "data check: " in said and "missing in frame 5 (counted from 0) of 9; energies" in said
    assert "missing in frames 1 and 5 (counted from 0) of 9; forces are trained on where" in said
    assert "missing, or zero, in frames 1, 3 and 7 (counted from 0) of 9; it is trained on" in said
    # and through our own file
    write_frames(tmp_path / "own.h5", found.frames)
    again = read_foreign(tmp_path / "own.h5", MIXED, SETTINGS.model_copy(update={"every": 2}))
    assert_equal(again.frames, mixed[::2])
    assert again.numbers.tolist() == [0, 2, 4, 6, 8]


def test_ase_reads_frames_of_any_kind(mixed, tmp_path):
    frames_to_extxyz(tmp_path / "frames.xyz", mixed)
    images = ase.io.read(tmp_path / "frames.xyz", ":")
    for f, image in enumerate(images):
        here = mixed.of_atoms_in(f)
        assert image.numbers.tolist() == mixed.species[here].tolist()
        assert image.pbc.tolist() == mixed.pbc[f].tolist()
        assert ("forces" in image.calc.results) == mixed.has("forces")[f]
        if mixed.has("stress")[f]:
            np.testing.assert_array_equal(image.get_stress(voigt=False), mixed.stress[f])


def test_what_ase_writes_of_frames_of_any_kind(mixed, tmp_path):
    ase.io.write(tmp_path / "frames.traj", [mixed.to_ase(f) for f in range(9)])
    found = read_foreign(tmp_path / "frames.traj", MIXED, SETTINGS).frames
    for name in ("start", "species", "positions", "cell", "pbc", "energy", "forces"):
        np.testing.assert_array_equal(getattr(found, name), getattr(mixed, name))


def test_stress_of_a_cell_without_volume_is_none(mixed, tmp_path):
    """A cluster has none, whatever the file says."""
    images = [mixed.to_ase(f) for f in range(9)]
    images[3].calc.results["stress"] = np.arange(1.0, 7.0)
    ase.io.write(tmp_path / "frames.xyz", images, format="extxyz")
    for unit in ("eV/A^3", "virial"):
        settings = SETTINGS.model_copy(update={"stress_unit": unit, "stress_key": "stress"})
        found = read_foreign(tmp_path / "frames.xyz", MIXED, settings).frames
        np.testing.assert_array_equal(found.has("stress"), mixed.has("stress"))


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("WBe/mixed/own", None, r"frames 1, 2, 3 .*\(frame 1 has NiBe2Ni\): .* W and Be; name"),
        ("WNiBeMo/mixed/own", None, r"no frame holds Mo, which .* lists; name it BeNiW/"),
        ("WNiBe/4/own", None, r"frames 0, 2, 3 and 3 more .*\(frame 0 has 1\): .*says 4 atoms"),
        (MIXED, lambda i: i[0].set_cell([[6, 0, 0], [6, 0, 0], [0, 0, 6]]), "frame 0 .*no volume"),
        (MIXED, lambda i: i[1].set_pbc(True), r"frame 1 .*has pbc T T T and no volume.*set pbc to"),
        (MIXED, lambda i: i[3].positions.__setitem__(4, i[3].positions[1]), "atoms 1 and 4 are on"),
        (MIXED, lambda i: i.insert(2, ase.Atoms()), r"frame 2 .* has no atoms\): .*remove them"),
    ],
)  # fmt: skip
def test_what_a_mixed_set_cannot_hold(mixed, tmp_path, name, change, said):
    images = [mixed.image(f) for f in range(9)]
    if change:
        change(images)
    ase.io.write(tmp_path / "frames.traj", images)
    with pytest.raises(PotstillError, match=said):
        read_foreign(tmp_path / "frames.traj", name, SETTINGS)


def test_atoms_a_cell_apart_are_on_one_spot_only_along_periodic_directions(tmp_path):
    slab = ase.Atoms("Ni2", [[0, 0, 0], [0, 0, 5]], cell=[4, 4, 5], pbc=[True, True, False])
    ase.io.write(tmp_path / "slab.xyz", slab, format="extxyz")
    read_foreign(tmp_path / "slab.xyz", "Ni/2/own", SETTINGS)
    slab.positions[1] = [0, 4, 0]
    ase.io.write(tmp_path / "slab.xyz", slab, format="extxyz")
    with pytest.raises(PotstillError, match="atoms 0 and 1 are on one spot"):
        read_foreign(tmp_path / "slab.xyz", "Ni/2/own", SETTINGS)


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
        np.testing.assert_array_equal(getattr(found, name), getattr(frames, name))


def test_a_file_of_our_own(frames, tmp_path):
    write_frames(tmp_path / "own.h5", frames)
    some = read_foreign(tmp_path / "own.h5", "Ni/5/own", SETTINGS.model_copy(update={"every": 3}))
    assert_equal(some.frames, frames[::3])
    assert some.numbers.tolist() == [0, 3, 6]
    with pytest.raises(PotstillError, match=r"frames 0, .*\(frame 0 has Ni5\): the set's name"):
        read_foreign(tmp_path / "own.h5", "Cu/32/own", SETTINGS)


def test_pieces_are_joined(frames, mixed, tmp_path, monkeypatch):
    frames_to_extxyz(tmp_path / "frames.xyz", frames)
    monkeypatch.setattr(formats, "_PIECE", 2)
    assert_equal(read_foreign(tmp_path / "frames.xyz", "Ni/5/own", SETTINGS).frames, frames)
    monkeypatch.setattr(formats, "_PIECE", 3)  # nine frames fill the last piece
    frames_to_extxyz(tmp_path / "mixed.xyz", mixed)
    assert_equal(read_foreign(tmp_path / "mixed.xyz", MIXED, SETTINGS).frames, mixed)


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
