"""The dataset format: round trip, torchani's reader, and files that must be refused."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from potstill.data.frames import Frames, check_frames, read_frames, write_frames
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential
from potstill.relaxation.crystals import build_crystals


@pytest.fixture
def frames() -> Frames:
    """Seven frames of five nickel atoms in sheared cells, with columns and attributes."""
    draw = np.random.default_rng(5)
    count, atoms = 7, 5
    return Frames(
        symbol="Ni",
        positions=draw.uniform(0, 4, (count, atoms, 3)),
        cell=4 * np.eye(3) + draw.uniform(-0.3, 0.3, (count, 3, 3)),
        energy=draw.normal(-20, 1, count),
        atomic_energies=draw.normal(-4, 0.1, (count, atoms)),
        forces=draw.normal(size=(count, atoms, 3)),
        stress=(lambda s: s + s.transpose(0, 2, 1))(draw.normal(size=(count, 3, 3))),
        columns={"enthalpy": draw.normal(-20, 1, count), "walker": np.arange(count) % 2},
        attributes={"source": "a test", "seed": 5},
    )


@pytest.fixture
def stored(frames: Frames, tmp_path: Path) -> Path:
    path = tmp_path / "frames.h5"
    write_frames(path, frames)
    return path


def assert_same(a: Frames, b: Frames) -> None:
    assert (a.symbol, a.attributes) == (b.symbol, b.attributes)
    assert a.columns.keys() == b.columns.keys()
    for name in ("positions", "cell", "energy", "atomic_energies", "forces", "stress"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    for name, column in a.columns.items():
        np.testing.assert_array_equal(column, b.columns[name])
        assert column.dtype == b.columns[name].dtype


def test_round_trip(frames, stored):
    assert_same(read_frames(stored), frames)


def test_same_frames_same_bytes(frames, stored, tmp_path):
    write_frames(tmp_path / "again.h5", frames)
    assert (tmp_path / "again.h5").read_bytes() == stored.read_bytes()


def test_every_dataset_has_a_unit(stored):
    with h5py.File(stored) as store:
        units = {name: dataset.attrs["unit"] for name, dataset in store["005"].items()}
    assert units["coordinates"] == units["cell"] == "A"
    assert units["energies"] == units["enthalpy"] == "eV"
    assert units["forces"] == "eV/A"
    assert units["stress"] == "eV/A^3"
    assert units["walker"] == "1"


def test_torchani_reads_it(frames, stored):
    from torchani.datasets import ANIDataset

    dataset = ANIDataset(stored)
    assert dataset.grouping == "by_num_atoms"
    assert dataset.num_conformers == 7
    properties = dataset["005"]
    assert np.all(properties["species"].numpy() == 28)
    np.testing.assert_allclose(properties["coordinates"].numpy(), frames.positions, rtol=1e-6)
    np.testing.assert_allclose(properties["energies"].numpy(), frames.energy, rtol=1e-12)
    np.testing.assert_allclose(properties["forces"].numpy(), frames.forces, rtol=1e-5)


def test_choosing(frames):
    assert_same(frames[[1, 3]], frames[np.array([0, 1, 0, 1, 0, 0, 0], dtype=bool)])
    assert len(frames[2:5]) == 3
    assert_same(frames.spread(None), frames)
    many = frames[np.arange(1400) % 7]
    many.columns["walker"] = np.arange(1400)
    chosen = many.spread(100).columns["walker"]
    assert np.array_equal(chosen // 14, np.arange(100))  # one from each stretch of 14
    assert np.array_equal(chosen, many.spread(100).columns["walker"])
    for count in (267, 1050, 1399):  # stretches of a broken number of frames share none
        kept = many.spread(count).columns["walker"]
        assert len(kept) == count and (np.diff(kept) > 0).all()
    assert len(np.unique(chosen % 4)) == 4  # and not always the same of four walkers
    with pytest.raises(PotstillError, match="8 frames asked for, but there are only 7"):
        frames.spread(8)


def test_joining(frames):
    assert_same(frames[:3].joined(frames[3:]), frames)
    other = replace(frames, symbol="Al")
    with pytest.raises(PotstillError, match="5 Ni atoms with frames of 5 Al atoms"):
        frames.joined(other)
    fewer = replace(frames, columns={"enthalpy": frames.columns["enthalpy"], "bias": np.ones(7)})
    for one, two in ((frames, fewer), (fewer, frames)):
        with pytest.raises(PotstillError, match=r"only one of the two has the .* bias, walker; "):
            one.joined(two)
    wider = replace(frames, columns=frames.columns | {"walker": np.ones((7, 2))})
    with pytest.raises(PotstillError, match=r"walker of one has shape \(\) a frame, of the other"):
        frames.joined(wider)


@pytest.mark.parametrize("symbol", ["Xx", "X", "", "ni", "Ni2"])
def test_what_is_no_element(frames, symbol, tables):
    potential = tables["Ni-Nb"]
    for refused in (
        lambda: replace(frames, symbol=symbol),
        lambda: EamPotential.from_file(potential, symbol),
        lambda: build_crystals(symbol, 11.0),
    ):
        with pytest.raises(PotstillError, match=f"'{symbol}' is no chemical symbol; give an elem"):
            refused()


def test_to_ase(frames):
    atoms = frames.to_ase(4)
    assert atoms.get_chemical_formula() == "Ni5" and all(atoms.pbc)
    assert atoms.get_potential_energy() == frames.energy[4]
    np.testing.assert_array_equal(atoms.get_forces(), frames.forces[4])
    np.testing.assert_allclose(atoms.get_stress(voigt=False), frames.stress[4])
    assert atoms.info["walker"] == 0


def test_missing_file(tmp_path):
    with pytest.raises(PotstillError, match=r"lost\.h5: no such frame file; run the rule"):
        read_frames(tmp_path / "lost.h5")


@pytest.mark.parametrize("kept", [0, 0.1, 0.5, 0.99])
def test_truncated_file(stored, kept):
    content = stored.read_bytes()
    stored.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(
        PotstillError, match=r"frames\.h5: (an empty|not a whole frame) file.*; move it"
    ):
        read_frames(stored)


def test_several_groups(stored):
    with h5py.File(stored, "a") as store:
        store.copy("005", "006")
    with pytest.raises(PotstillError, match=r"frames\.h5: holds 2 groups.*split the file"):
        read_frames(stored)


def test_no_group(stored):
    with h5py.File(stored, "a") as store:
        del store["005"]
    with pytest.raises(PotstillError, match="holds 0 groups"):
        read_frames(stored)


def test_missing_dataset(stored):
    with h5py.File(stored, "a") as store:
        del store["005/coordinates"]
    with pytest.raises(PotstillError, match=r"lacks the dataset\(s\) coordinates"):
        read_frames(stored)


@pytest.mark.parametrize("label", ["energy", "atomic_energies", "forces", "stress"])
def test_a_label_that_is_not_there(frames, tmp_path, label):
    without = replace(frames, **{label: None})
    write_frames(tmp_path / "without.h5", without)
    found = read_frames(tmp_path / "without.h5")
    assert getattr(found, label) is None and label not in found.arrays
    assert found.arrays.keys() | {label} == frames.arrays.keys()
    assert len(found[2:5]) == 3 and len(found[:3].joined(found[3:])) == 7
    with pytest.raises(PotstillError, match=f"training needs the label `{label}`, .* Ni .*; label"):
        found.need(label, "training")
    with pytest.raises(PotstillError, match=rf"only one of the two has the label\(s\) {label}; "):
        frames.joined(found)
    known = found.to_ase(3).calc.results
    stored_as = {"atomic_energies": "energies"}.get(label, label)
    assert stored_as not in known and len(known) == 3


def test_frames_without_any_label(frames, tmp_path):
    bare = Frames("Ni", frames.positions, frames.cell)
    write_frames(tmp_path / "bare.h5", bare)
    found = read_frames(tmp_path / "bare.h5")
    assert (len(found), found.atoms, list(found.arrays)) == (7, 5, ["positions", "cell"])
    assert found.plane() is None


def test_alloy(stored):
    with h5py.File(stored, "a") as store:
        store["005/species"][3, 2] = 41
    with pytest.raises(PotstillError, match="holds 2 elements; alloys are not supported"):
        read_frames(stored)


@pytest.mark.parametrize("name", ["positions", "cell", "energy", "forces", "stress"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite(frames, name, value):
    spoilt = getattr(frames, name).copy()
    spoilt.reshape(7, -1)[3, 0] = value
    with pytest.raises(PotstillError, match=f"^here: {name} of frame 3 is not finite"):
        check_frames(replace(frames, **{name: spoilt}), "here")


def test_nan_in_a_file_names_file_and_frame(stored):
    with h5py.File(stored, "a") as store:
        store["005/energies"][6] = np.nan
    with pytest.raises(PotstillError, match=r"frames\.h5: energy of frame 6 is not finite"):
        read_frames(stored)


def test_flat_cell(frames):
    cell = frames.cell.copy()
    cell[2, 1] = cell[2, 0]
    with pytest.raises(PotstillError, match="the cell of frame 2 has no volume"):
        check_frames(replace(frames, cell=cell), "here")


def test_wrong_shape(frames):
    short = replace(frames, forces=frames.forces[:, :4])
    with pytest.raises(PotstillError, match=r"forces has shape \(7, 4, 3\), expected \(7, 5, 3\)"):
        check_frames(short, "here")


def test_failed_write_leaves_the_old_file(frames, stored):
    before = stored.read_bytes()
    bad = replace(frames, columns={"text": np.array([object()] * 7)})
    with pytest.raises(TypeError):
        write_frames(stored, bad)
    assert stored.read_bytes() == before
    assert [path.name for path in stored.parent.iterdir()] == ["frames.h5"]
