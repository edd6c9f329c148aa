"""Frames and structures out of any file: elements and sizes are found, not told."""

import ase.build
import ase.io
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from emt_frames import alloys, write_xyz

from potstill.data.any_file import read_frames_file, read_structures
from potstill.data.formats import frames_to_extxyz
from potstill.data.frames import write_frames
from potstill.errors import PotstillError

GROUPS = ["bulk", 'a "quoted" one', "C:\\new {x} = 'y'", "", "two\nlines"]


@pytest.fixture
def mixed(tmp_path):
    """A file of twelve frames of copper and gold: crystals, slabs and clusters."""
    return write_xyz(tmp_path / "some@mixed.xyz", alloys(12))


def test_elements_and_sizes_are_found(mixed, tmp_path):
    found = read_frames_file(mixed)
    assert found.frames.elements == ("Cu", "Au") and set(found.frames.sizes) == {4, 8, 16}
    assert found.numbers.tolist() == list(range(12))
    for f, wanted in enumerate(alloys(12)):
        np.testing.assert_allclose(found.frames.energy[f], wanted.labels["energy"], atol=1e-7)
        assert found.frames.image(f).symbols.get_chemical_formula() == (
            wanted.atoms.symbols.get_chemical_formula()
        )
    write_frames(tmp_path / "own.h5", found.frames)
    own = read_frames_file(tmp_path / "own.h5")
    np.testing.assert_array_equal(own.frames.positions, found.frames.positions)
    np.testing.assert_array_equal(own.frames.forces, found.frames.forces)


def test_texts_go_out_and_come_back(mixed, tmp_path):
    frames = read_frames_file(mixed).frames[:5]
    frames_to_extxyz(tmp_path / "out.xyz", frames, {"group": GROUPS})
    found = read_frames_file(tmp_path / "out.xyz")
    assert found.texts["group"] == [*GROUPS[:3], "-", "two lines"]
    np.testing.assert_array_equal(found.frames.pbc, frames.pbc)


def test_a_text_that_only_some_frames_have_is_none_of_all(tmp_path):
    images = [ase.build.bulk("Cu") for _ in range(3)]
    for image, name in zip(images, ("one", "two", "three"), strict=True):
        image.calc = SinglePointCalculator(image, energy=0.0)
        image.info = {"group": name, "temperature": 300.0, "occupancy": 0.5}
    del images[1].info["group"]
    ase.io.write(tmp_path / "frames.xyz", images)
    found = read_frames_file(tmp_path / "frames.xyz")
    assert found.texts == {} and found.frames.columns["temperature"].tolist() == [300.0] * 3


def test_structures_of_many_formats(mixed, tmp_path):
    crystal = ase.build.bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    files = [tmp_path / name for name in ("salt.cif", "POSCAR", "salt.traj", "salt.db")]
    for path in files:
        ase.io.write(path, crystal)
    found = read_structures([*files, mixed])
    assert len(found) == 4 + 12
    for atoms, path in zip(found[:4], files, strict=True):
        assert sorted(atoms.symbols) == ["Cl"] * 4 + ["Na"] * 4
        np.testing.assert_allclose(atoms.cell.array, crystal.cell.array, atol=1e-3)
        assert atoms.info["file"] == str(path) and atoms.info["frame"] == 0
    assert [atoms.info["frame"] for atoms in found[4:]] == list(range(12))


@pytest.mark.parametrize("read", [read_frames_file, lambda path: read_structures([path])])
def test_what_cannot_be_read(read, tmp_path):
    with pytest.raises(PotstillError, match=r"absent.xyz: no such file; name"):
        read(tmp_path / "absent.xyz")
    with pytest.raises(PotstillError, match=r"a folder; name a file"):
        read(tmp_path)
    (tmp_path / "empty.xyz").touch()
    with pytest.raises(PotstillError, match=r"empty.xyz: an empty file"):
        read(tmp_path / "empty.xyz")
    ghost = ase.build.bulk("Cu", cubic=True)
    ghost.numbers[2] = 0
    ase.io.write(tmp_path / "ghost.xyz", [ase.build.bulk("Cu"), ghost])
    with pytest.raises(PotstillError, match=r"frame 1 .* cannot be used .*has an X.*name it"):
        read(tmp_path / "ghost.xyz")
    shared = ase.build.bulk("Cu", cubic=True)
    shared.info["occupancy"] = {"0": {"Cu": 0.5, "Ni": 0.5}}
    shared.set_array("spacegroup_kinds", np.zeros(4, dtype=int))
    ase.io.write(tmp_path / "shared.cif", shared)
    with pytest.raises(PotstillError, match=r"shared.cif: frame 0 .*a site of .*ordered"):
        read(tmp_path / "shared.cif")


def test_labels_in_doubt_name_the_option(tmp_path):
    atoms = ase.build.bulk("Cu")
    atoms.calc = SinglePointCalculator(atoms, energy=1.0)
    atoms.info["dft_energy"] = 2.0
    ase.io.write(tmp_path / "two.xyz", atoms)
    with pytest.raises(PotstillError, match=r"say which one to use: --energy-key dft_energy$"):
        read_frames_file(tmp_path / "two.xyz")
    found = read_frames_file(tmp_path / "two.xyz", energy_key="dft_energy")
    assert found.frames.energy.tolist() == [2.0] and found.keys == {"energy": "dft_energy"}
    with pytest.raises(PotstillError, match=r"\(--forces-key\); there are: "):
        read_frames_file(tmp_path / "two.xyz", energy_key="energy", forces_key="f")
