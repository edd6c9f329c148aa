"""The curve: its columns, and the two shares of data."""

import pytest

from potstill.distillation.curve import read_curve, write_curve
from potstill.errors import PotstillError
from potstill.runtime.files import write_json

COLUMNS = (
    "iteration,frames,atoms,share_of_32_atom_frames,share_of_108_atom_set_atoms,"
    "mae_32_meV_per_atom,mae_32_shifted_meV_per_atom,mae_108_meV_per_atom,"
    "mae_108_shifted_meV_per_atom,force_mae_meV_per_A"
)


ATOMS_32, ATOMS_108 = {"atoms": 32}, {"atoms": 108}


def evaluation(mae, frames, **atoms):
    return {
        "frames": frames,
        **atoms,
        "mae_meV_per_atom": mae,
        "mae_shifted_meV_per_atom": 0.9 * mae,
        "force_mae_meV_per_A": 10 * mae,
        "worst_percent_meV_per_atom": 5 * mae,
    }


def make_curve(tmp_path, frames, order=None, source=ATOMS_32, larger=ATOMS_108):
    """Write a curve of selections of so many frames; source, larger: what summaries say of atoms.

    Selections of frames of several sizes have 7 atoms a frame on average.
    """
    files = {"selection": [], "source": [], "larger": []}
    for k in order or range(len(frames)):
        contents = {
            "selection": {
                "iteration": k,
                "frames": frames[k],
                **(source if source["atoms"] else source | {"atoms_in_all": 7 * frames[k]}),
                "labelled": 4000 * (k + 1),
            },
            "source": evaluation(3.0 - k, 20_000, **source),
            "larger": evaluation(2.0 - k, 20_000, **larger),
        }
        for kind, content in contents.items():
            path = tmp_path / f"{kind}-{k}.json"
            write_json(path, content)
            files[kind].append(path)
    output = tmp_path / "curve.csv"
    write_curve(files["selection"], files["source"], files["larger"], output=output)
    return output


def test_columns_and_values(tmp_path):
    lines = make_curve(tmp_path, [2000, 3400]).read_text().splitlines()
    assert lines[0].startswith(COLUMNS + ",")
    assert lines[1].startswith("0,2000,32,0.1,0.0296296,3,2.7,2,1.8,30,20,15,10")
    assert len(lines) == 3


def test_the_papers_shares(tmp_path):
    """3,400 of 20,000 frames of 32 atoms: 17% of the frames, 5.04% of 20,000 x 108 atoms."""
    last = read_curve(make_curve(tmp_path, [2000, 3400]))[-1]
    assert last.share_of_source_frames == pytest.approx(0.17, rel=1e-6)
    assert last.share_of_larger_atoms == pytest.approx(0.0504, abs=5e-5)
    assert last.share_of_larger_atoms == pytest.approx(0.17 * 32 / 108, rel=1e-5)


def test_labels_are_counted_beside_frames(tmp_path):
    path = make_curve(tmp_path, [2000, 3400])
    header = path.read_text().splitlines()[0].split(",")
    assert header[-2:] == ["labelled_frames", "labelled_share_of_32_atom_frames"]
    last = read_curve(path)[-1]
    assert (last.frames, last.labelled) == (3400, 8000)
    assert last.labelled_share_of_source_frames == pytest.approx(0.4)


def test_rows_go_by_iteration(tmp_path):
    points = read_curve(make_curve(tmp_path, [2000, 3000, 3400], order=[2, 0, 1]))
    assert [(p.iteration, p.frames, p.mae_source) for p in points] == [
        (0, 2000, 3.0),
        (1, 3000, 2.0),
        (2, 3400, 1.0),
    ]


def test_no_column_name_twice_where_both_sets_have_32_atoms(tmp_path):
    header = make_curve(tmp_path, [2000], larger=ATOMS_32).read_text().splitlines()[0]
    names = header.split(",")
    assert len(set(names)) == len(names)


def test_shares_of_frames_of_several_sizes(tmp_path):
    mixed = {"atoms": None, "atoms_in_all": 120_000}
    path = make_curve(tmp_path, [2000], source=mixed, larger=mixed)
    names = path.read_text().splitlines()[0].split(",")
    assert names[3:7] == [
        "share_of_mixed_frames",
        "share_of_mixed_larger_set_atoms",
        "mae_mixed_meV_per_atom",
        "mae_mixed_shifted_meV_per_atom",
    ]
    assert len(set(names)) == len(names)
    last = read_curve(path)[-1]
    assert last.atoms is None
    assert last.share_of_source_frames == pytest.approx(0.1)
    assert last.share_of_larger_atoms == pytest.approx(7 * 2000 / 120_000, rel=1e-5)
    larger = read_curve(make_curve(tmp_path, [2000], source=ATOMS_32, larger=mixed))[-1]
    assert larger.share_of_larger_atoms == pytest.approx(32 * 2000 / 120_000, rel=1e-5)


def test_a_missing_evaluation_is_told(tmp_path):
    with pytest.raises(PotstillError, match="1 selections and 0"):
        write_curve([tmp_path / "a"], [], [], output=tmp_path / "curve.csv")


def test_a_broken_curve_is_named(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text("iteration,frames\n1,2,3,x\n")
    with pytest.raises(PotstillError, match=r"curve\.csv: not a curve"):
        read_curve(path)
