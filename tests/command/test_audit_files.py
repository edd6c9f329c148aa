"""`potstill audit`: what is in files is told, and what was planted in them is found."""

import json
from dataclasses import replace

import numpy as np
import pytest
from emt_frames import alloys, emt_frames, write_xyz

from potstill.data.any_file import read_frames_file
from potstill.data.formats import frames_to_extxyz
from potstill.errors import PotstillError


@pytest.fixture(scope="module")
def copper(tmp_path_factory):
    """Sixty labelled frames of copper, and a file of them by name."""
    folder = tmp_path_factory.mktemp("frames")
    return read_frames_file(write_xyz(folder / "all.xyz", emt_frames())).frames


def written(path, frames, texts=None):
    frames_to_extxyz(path, frames, texts)
    return path


def test_what_is_in_a_file(potstill, tmp_path):
    path = write_xyz(tmp_path / "mixed.xyz", alloys(36))
    said = potstill("audit", path, "-o", tmp_path / "audit.json").stdout
    found = json.loads((tmp_path / "audit.json").read_text())["files"][0]
    formulas = ["".join(sorted(set(frame.atoms.symbols))) for frame in alloys(36)]
    assert found["frames_by_elements"] == {
        "Au": formulas.count("Au"),
        "Cu": formulas.count("Cu"),
        "CuAu": formulas.count("AuCu"),
    }
    assert found["frames_by_atoms"] == {"4": 12, "8": 12, "16": 12}
    assert found["frames_by_label"]["stress"] == 27 and found["wrong"] is None
    assert "mixed.xyz: 36 frames, 336 atoms" in said
    assert "label stress: `stress` in 27 of 36 frames" in said
    assert "periodic directions: 0 (9), 2 (9), 3 (18)" in said


def test_groups_outliers_and_copies(potstill, copper, tmp_path):
    energy = copper.energy.copy()
    energy[7] += 500.0
    spoilt = replace(copper, energy=energy)[[*range(60), 3]]
    path = written(tmp_path / "spoilt.xyz", spoilt, {"group": ["bulk"] * 50 + ["hot"] * 11})
    said = potstill("audit", path).stdout
    assert "group: bulk (50), hot (11)" in said
    assert "look at: frame 7 (counted from 0): energies far from all others" in said
    assert "look at: frame 60 (counted from 0): positions and cells of earlier frames" in said
    assert "hardly differ" not in said


def test_labels_that_are_wrong_end_with_status_1(potstill, copper, tmp_path):
    good = written(tmp_path / "good.xyz", copper)
    bad = written(tmp_path / "bad.xyz", replace(copper, forces=np.roll(copper.forces, 96, axis=0)))
    result = potstill("audit", bad, good, "-o", tmp_path / "audit.json")
    assert result.exit_code == 1
    first, second = json.loads((tmp_path / "audit.json").read_text())["files"]
    assert "of the forces follow from the positions" in first["wrong"] and not second["wrong"]
    assert "  wrong: only " in result.stdout
    assert potstill("audit", good).exit_code == 0


def test_files_that_share_frames_and_files_that_differ(potstill, copper, tmp_path):
    stretched = replace(copper, positions=1.25 * copper.positions, cell=1.25 * copper.cell)
    unlabelled = replace(stretched[:20], energy=None, forces=None, stress=None)
    moved = copper.positions.copy()
    moved[:32] += np.random.default_rng(1).normal(0, 1e-4, (32, 3))
    train = written(tmp_path / "train.xyz", copper[:40])
    alike = written(tmp_path / "alike.xyz", replace(copper, positions=moved)[[0, *range(40)]])
    test = written(tmp_path / "test.xyz", copper[38:])
    far = written(tmp_path / "far.xyz", unlabelled)
    assert "share 2 frames: a test on these" in potstill("audit", train, test).stdout
    said = potstill("audit", train, far).stdout
    assert f"{far}: 100% of the frames are outside of {train}" in said and "labels: none" in said
    both = written(tmp_path / "both.xyz", copper[:40].joined(replace(copper, positions=moved)[:1]))
    assert "2 of 41 frames hardly differ from another: frames 0 and 40" in (
        potstill("audit", both).stdout
    )
    assert f"{alike} share 39 frames" in potstill("audit", train, alike).stdout


def test_bad_input(potstill, tmp_path):
    with pytest.raises(PotstillError, match=r"absent.xyz: no such file; name a file"):
        potstill("audit", tmp_path / "absent.xyz")
    path = write_xyz(tmp_path / "frames.xyz", emt_frames(2))
    with pytest.raises(PotstillError, match=r"frames.xyz: is an input as well"):
        potstill("audit", path, "-o", path)
    with pytest.raises(PotstillError, match=r"no frame has energy under `e` \(--energy-key\)"):
        potstill("audit", path, "--energy-key", "e")
