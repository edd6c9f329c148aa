"""The dataset format: round trip, torchani's reader, and files that must be refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from potstill.data.frame_store import LABELS
from potstill.data.frames import Frames, check_frames, read_frames, write_frames
from potstill.data.structures import frame_means, frame_sums, structure_of
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential
from potstill.relaxation.crystals import build_crystals

COUNT, ATOMS = 7, 5


def labels(sizes: np.ndarray, seed: int) -> dict[str, Any]:
    """Return random labels, columns and attributes of frames of these sizes."""
    draw = np.random.default_rng(seed)
    count, atoms = len(sizes), int(sizes.sum())
    return {
        "energy": draw.normal(-20, 1, count),
        "atomic_energies": draw.normal(-4, 0.1, atoms),
        "forces": draw.normal(size=(atoms, 3)),
        "stress": (lambda s: s + s.transpose(0, 2, 1))(draw.normal(size=(count, 3, 3))),
        "columns": {"enthalpy": draw.normal(-20, 1, count), "walker": np.arange(count) % 2},
        "attributes": {"source": "a test", "seed": 5},
    }


@pytest.fixture
def frames() -> Frames:
    """Seven frames of five nickel atoms in sheared cells, with columns and attributes."""
    draw = np.random.default_rng(5)
    return Frames.uniform(
        "Ni",
        draw.uniform(0, 4, (COUNT, ATOMS, 3)),
        4 * np.eye(3) + draw.uniform(-0.3, 0.3, (COUNT, 3, 3)),
        **labels(np.full(COUNT, ATOMS), 6),
    )


@pytest.fixture
def mixed() -> Frames:
    """Nine frames of one to four atoms of W and Be, some open, some without labels."""
    draw = np.random.default_rng(7)
    sizes = np.array([3, 1, 4, 1, 2, 4, 3, 3, 2])
    atoms = sizes.sum()
    pbc = draw.random((9, 3)) < 0.7
    given = labels(sizes, 8)
    lacking = {"energy": np.arange(9) == 4, "forces": np.isin(np.arange(9), (1, 3, 5))}
    given["energy"][lacking["energy"]] = 0
    given["forces"][np.repeat(lacking["forces"], sizes)] = 0
    return Frames(
        start=np.concatenate([[0], np.cumsum(sizes)]),
        species=draw.choice([4, 74], atoms),
        positions=draw.uniform(0, 4, (atoms, 3)),
        cell=4 * np.eye(3) + draw.uniform(-0.3, 0.3, (9, 3, 3)),
        pbc=pbc,
        lacking=lacking,
        **given,
    )


@pytest.fixture
def stored(frames: Frames, tmp_path: Path) -> Path:
    path = tmp_path / "frames.h5"
    write_frames(path, frames)
    return path


def assert_same(a: Frames, b: Frames) -> None:
    assert (a.symbol, a.attributes) == (b.symbol, b.attributes)
    assert a.columns.keys() == b.columns.keys()
    geometry = ("start", "species", "positions", "cell", "pbc")
    for name in (*geometry, "energy", "atomic_energies", "forces", "stress"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    for name in LABELS:
        np.testing.assert_array_equal(a.has(name), b.has(name))
    for name, column in a.columns.items():
        np.testing.assert_array_equal(column, b.columns[name])
        assert column.dtype == b.columns[name].dtype


def test_round_trip(frames, stored):
    assert_same(read_frames(stored), frames)


def test_round_trip_of_mixed_frames(mixed, tmp_path):
    write_frames(tmp_path / "mixed.h5", mixed)
    found = read_frames(tmp_path / "mixed.h5")
    assert_same(found, mixed)
    assert found.elements == ("Be", "W") and not found.is_uniform
    with pytest.raises(PotstillError, match="structures of 1 to 4 atoms, where one number"):
        found.dense(found.positions)
    with h5py.File(tmp_path / "mixed.h5") as store:
        assert sorted(store) == ["001", "002", "003", "004"]
        assert store["003/frame"][...].tolist() == [0, 6, 7]
        assert "forces" in store["001"] and not store["001/has_forces"][...].any()


def test_each_frame_is_itself_wherever_it_is_put(mixed, tmp_path):
    """Choosing, joining, and ASE's atoms give each frame with its own labels."""
    order = np.random.default_rng(0).permutation(len(mixed))
    moved = mixed[order]
    both = mixed[:4].joined(mixed[4:])
    assert_same(both, mixed)
    for place, f in enumerate(order):
        one, other = mixed.to_ase(int(f)), moved.to_ase(place)
        assert one == other and one.calc.results.keys() == other.calc.results.keys()
        for name, value in one.calc.results.items():
            np.testing.assert_array_equal(value, other.calc.results[name])
        assert ("forces" in one.calc.results) == (f not in (1, 3, 5))
        np.testing.assert_array_equal(one.numbers, mixed.species[mixed.of_atoms_in(int(f))])
    assert_same(moved[np.argsort(order)], mixed)


def test_sums_and_means_over_frames(frames, mixed):
    for some in (frames, mixed):
        values = np.random.default_rng(1).normal(size=(len(some.species), 2))
        for f in range(len(some)):
            here = values[some.of_atoms_in(f)]
            np.testing.assert_allclose(frame_sums(values, some.sizes)[f], here.sum(axis=0))
            np.testing.assert_allclose(frame_means(values, some.sizes)[f], here.mean(axis=0))
        turned = frame_means(values.T, some.sizes, axis=1)
        np.testing.assert_allclose(turned, frame_means(values, some.sizes).T)


def test_systems_and_places_of_atoms(frames, mixed):
    words, which = mixed.systems()
    assert words == ["Be", "W", "BeW"]
    for f in range(len(mixed)):
        assert words[which[f]] == mixed.structures([f]).symbol
        for atom in range(mixed.start[f], mixed.start[f + 1]):
            assert structure_of(mixed.start, atom) == f
    assert frames.systems()[0] == ["Ni"] and not frames.systems()[1].any()


def test_groups_that_do_not_number_the_frames(mixed, tmp_path):
    write_frames(tmp_path / "mixed.h5", mixed)
    with h5py.File(tmp_path / "mixed.h5", "a") as store:
        store["002/frame"][0] = 0
    with pytest.raises(PotstillError, match=r"mixed\.h5: .* do not number its frames from 0"):
        read_frames(tmp_path / "mixed.h5")


def test_torchani_reads_mixed_frames(mixed, tmp_path):
    from torchani.datasets import ANIDataset

    write_frames(tmp_path / "mixed.h5", mixed)
    dataset = ANIDataset(tmp_path / "mixed.h5")
    assert dataset.num_conformers == 9
    rows = [0, 6, 7]
    np.testing.assert_allclose(dataset["003"]["energies"].numpy(), mixed.energy[rows], rtol=1e-12)


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
    coordinates = properties["coordinates"].numpy()
    np.testing.assert_allclose(coordinates, frames.dense(frames.positions), rtol=1e-6)
    np.testing.assert_allclose(properties["energies"].numpy(), frames.energy, rtol=1e-12)
    np.testing.assert_allclose(properties["forces"].numpy(), frames.dense(frames.forces), rtol=1e-5)


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
        lambda: Frames.uniform(symbol, frames.dense(frames.positions), frames.cell),
        lambda: EamPotential.from_file(potential, symbol),
        lambda: build_crystals(symbol, 11.0),
    ):
        with pytest.raises(PotstillError, match=f"'{symbol}' is no chemical symbol; give an elem"):
            refused()


def test_to_ase(frames):
    atoms = frames.to_ase(4)
    assert atoms.get_chemical_formula() == "Ni5" and all(atoms.pbc)
    assert atoms.get_potential_energy() == frames.energy[4]
    np.testing.assert_array_equal(atoms.get_forces(), frames.dense(frames.forces)[4])
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


def test_a_group_of_another_size_alone(stored):
    with h5py.File(stored, "a") as store:
        store.copy("005", "006")
    with pytest.raises(PotstillError, match=r"frames\.h5: .* do not number its frames from 0"):
        read_frames(stored)


def test_no_group(stored):
    with h5py.File(stored, "a") as store:
        del store["005"]
    with pytest.raises(PotstillError, match="holds no frames"):
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
    assert getattr(found, label) is None and not found.has(label).any()
    assert found.labels.keys() | {label} == set(LABELS)
    assert len(found[2:5]) == 3 and len(found[:3].joined(found[3:])) == 7
    with pytest.raises(PotstillError, match=f"training needs the label `{label}`, .* Ni .*; label"):
        found.need(label, "training")
    both = frames.joined(found)
    assert both.has(label).tolist() == [True] * 7 + [False] * 7
    np.testing.assert_array_equal(getattr(both[:7], label), getattr(frames, label))
    known = found.to_ase(3).calc.results
    stored_as = {"atomic_energies": "energies"}.get(label, label)
    assert stored_as not in known and len(known) == 3


def test_frames_without_any_label(frames, tmp_path):
    bare = Frames.uniform("Ni", frames.dense(frames.positions), frames.cell)
    write_frames(tmp_path / "bare.h5", bare)
    found = read_frames(tmp_path / "bare.h5")
    assert (len(found), found.atoms, found.labels) == (7, 5, {})
    assert found.plane() is None


def test_what_is_no_atomic_number(stored):
    for number in (0, 200):
        with h5py.File(stored, "a") as store:
            store["005/species"][3, 2] = number
        with pytest.raises(PotstillError, match=f"species holds {number}, which is no atomic"):
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
    short = replace(frames, forces=frames.forces[:34])
    with pytest.raises(PotstillError, match=r"forces has shape \(34, 3\), expected \(35, 3\)"):
        check_frames(short, "here")


def test_failed_write_leaves_the_old_file(frames, stored):
    before = stored.read_bytes()
    bad = replace(frames, columns={"text": np.array([object()] * 7)})
    with pytest.raises(TypeError):
        write_frames(stored, bad)
    assert stored.read_bytes() == before
    assert [path.name for path in stored.parent.iterdir()] == ["frames.h5"]
