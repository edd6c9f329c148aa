"""The reduction report on a set whose regions, duplicates and reasons are known."""

import csv

import ase.build
import numpy as np
import pytest
from alloys import images

from potstill.audit.repeats import repeats
from potstill.data.frames import Frames, read_frames, write_frames
from potstill.data.structures import Structures
from potstill.distillation.reduction import nearest, write_reduction
from potstill.errors import PotstillError
from potstill.runtime.files import read_json, write_json
from potstill.settings import Descriptor


def frames_of(displacements, enthalpy, order):
    crystal = ase.build.bulk("Ni", "fcc", a=3.52, cubic=True)
    count = len(displacements)
    return Frames.uniform(
        "Ni",
        crystal.positions + displacements,
        np.tile(crystal.cell.array, (count, 1, 1)),
        energy=np.zeros(count),
        atomic_energies=np.zeros(4 * count),
        forces=np.zeros((4 * count, 3)),
        stress=np.zeros((count, 3, 3)),
        columns={"enthalpy": 4.0 * enthalpy, "order_parameter": 4.0 * order},
    )


@pytest.fixture
def run(tmp_path):
    """Write eight frames, of which 0, 1 and 5 are kept and two are like frame 1; return a report.

    Frame 6 is frame 1 again, frame 4 frame 1 but for a hair. Frame 7 was never looked at.
    """
    moved = 0.3 * np.random.default_rng(0).normal(size=(8, 4, 3))
    moved[6] = moved[1]
    moved[4] = moved[1] + 1e-4
    moved[4, 0] += 1e-3
    enthalpy = np.array([-4.8, -4.0, -4.4, -4.4, -4.0, -4.5, -4.0, -3.0])
    order = np.array([0.9, 0.05, 0.3, 0.9, 0.05, 0.3, 0.05, 0.9])
    frames = frames_of(moved, enthalpy, order)
    write_frames(tmp_path / "momt.h5", frames)
    index = np.array([0, 1, 5])
    chosen = frames[index]
    chosen.columns.update({"source_index": index, "iteration": np.array([0, 0, 1])})
    write_frames(tmp_path / "selection.h5", chosen)
    common = {"strategy": "grid", "why": "because"}
    first = {"iteration": 0, "seen": 2, "frames": 2, "labelled": 2, "added": 2, "dropped": 0}
    last = {"iteration": 1, "seen": 7, "frames": 3, "labelled": 7, "added": 1, "dropped": 4}
    write_json(tmp_path / "0.json", common | first | {"reasons": {}})
    write_json(tmp_path / "1.json", common | last | {"reasons": {"5": "its own cell"}})

    def go(selection="selection.h5"):
        write_reduction(
            tmp_path / "momt.h5",
            tmp_path / selection,
            [tmp_path / "1.json", tmp_path / "0.json"],
            descriptor=Descriptor(),
            kept=tmp_path / "kept.csv",
            summary=tmp_path / "reduction.json",
            markdown=tmp_path / "reduction.md",
        )
        return read_json(tmp_path / "reduction.json")

    return go


def test_regions_add_up(run, tmp_path):
    report = run()
    assert (report["seen"], report["kept"], report["dropped"], report["labelled"]) == (7, 3, 4, 7)
    counts = {
        (r["region"], round(r["enthalpy_eV_per_atom"][0], 1)): (r["kept"], r["dropped"])
        for r in report["regions"]
    }
    # the range from -4.8 to -4.0 in four parts; frame 7, which was never seen, does not widen it
    assert counts == {
        ("liquid", -4.2): (1, 2),
        ("between", -4.6): (1, 0),
        ("between", -4.4): (0, 1),
        ("crystal", -4.8): (1, 0),
        ("crystal", -4.4): (0, 1),
    }
    text = (tmp_path / "reduction.md").read_text()
    assert "| liquid | -4.200 to -4.000 | 1 | 2 | 33.3 |" in text


def test_duplicates_and_near_duplicates(run):
    report = run()
    assert report["duplicates_kept"] == 0
    assert report["duplicates_seen"] == 1
    assert report["near_duplicates_dropped"] == 2  # 4 and 6
    assert report["near_duplicates_kept"] == 0


def test_every_kept_frame_has_its_reason(run, tmp_path):
    run()
    with (tmp_path / "kept.csv").open(newline="") as handle:
        rows = [(r["source_index"], r["iteration"], r["reason"]) for r in csv.DictReader(handle)]
    first = [("0", "0", "first block"), ("1", "0", "first block")]
    assert rows == [*first, ("5", "1", "its own cell")]


def test_frames_without_a_plane_have_no_regions(run, tmp_path):
    for name in ("momt.h5", "selection.h5"):
        frames = read_frames(tmp_path / name)
        for column in ("enthalpy", "order_parameter"):
            del frames.columns[column]
        write_frames(tmp_path / name, frames)
    report = run()
    assert report["regions"] == [] and (report["kept"], report["dropped"]) == (3, 4)
    assert report["near_duplicates_dropped"] == 2
    assert "have no regions" in (tmp_path / "reduction.md").read_text()
    rows = (tmp_path / "kept.csv").read_text().splitlines()
    assert rows[0] == "source_index,iteration,reason" and rows[3] == "5,1,its own cell"


def test_frames_of_several_elements_and_sizes(tmp_path):
    """Six of twelve frames are kept, and the others are these but for a hair."""
    first = images(6, seed=2)
    moved = [atoms.copy() for atoms in first]
    for atoms in moved:
        atoms.positions[0] += 1e-5
    frames = Frames.of_atoms([*first, *moved])
    write_frames(tmp_path / "dft.h5", frames)
    chosen = frames[:6]
    chosen.columns.update({"source_index": np.arange(6), "iteration": np.zeros(6)})
    write_frames(tmp_path / "selection.h5", chosen)
    write_json(
        tmp_path / "0.json",
        {"strategy": "random", "why": "because", "iteration": 0, "seen": 12, "frames": 6,
         "labelled": 6, "added": 6, "dropped": 6, "reasons": {}},
    )  # fmt: skip
    write_reduction(
        tmp_path / "dft.h5", tmp_path / "selection.h5", [tmp_path / "0.json"],
        descriptor=Descriptor(), kept=tmp_path / "kept.csv", summary=tmp_path / "reduction.json",
        markdown=tmp_path / "reduction.md",
    )  # fmt: skip
    report = read_json(tmp_path / "reduction.json")
    assert (report["kept"], report["dropped"], report["duplicates_seen"]) == (6, 6, 0)
    assert report["near_duplicates_dropped"] == 6 and report["near_duplicates_kept"] == 0
    assert report["regions"] == []


def test_a_selection_of_another_run_is_refused(run, tmp_path):
    other = frames_of(np.zeros((1, 4, 3)), np.zeros(1), np.zeros(1))
    other.columns.update({"source_index": np.array([7]), "iteration": np.array([0])})
    write_frames(tmp_path / "other.h5", other)
    with pytest.raises(PotstillError, match=r"other\.h5: does not belong to these summaries"):
        run("other.h5")


def test_nearest_and_duplicates():
    points = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    assert nearest(points, points, same=True).tolist() == [1.0, np.hypot(3, 3), 1.0]
    assert nearest(points, points[1:2]).tolist() == [5.0, 0.0, np.hypot(3, 3)]
    assert np.isinf(nearest(points, points[:0])).all()
    same = frames_of(np.zeros((3, 4, 3)), np.zeros(3), np.zeros(3))
    assert len(repeats(same)) == 2


def test_duplicates_are_of_the_same_atoms_in_the_same_cell():
    crystal = ase.build.bulk("Ni", "fcc", a=3.52, cubic=True)
    other, slab, pair = crystal.copy(), crystal.copy(), crystal[:2]
    other.symbols[3] = "Al"
    slab.pbc[2] = False
    images = [crystal, other, slab, pair, crystal, pair, slab * (1, 1, 1)]
    assert len(repeats(Structures.of_atoms(images))) == 3
    assert len(repeats(Structures.of_atoms(images[:4]))) == 0
    turned = crystal.copy()
    turned.positions[0] = -0.0
    assert len(repeats(Structures.of_atoms([crystal, turned]))) == 1
