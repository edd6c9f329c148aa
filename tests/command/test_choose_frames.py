"""`potstill select`: the frames that the library's strategies pick, with all that they had."""

import ase.io
import numpy as np
import pytest
from emt_frames import alloys, emt_frames, write_xyz

from potstill.data.any_file import read_frames_file
from potstill.data.frames import write_frames
from potstill.distillation.candidates import Candidates
from potstill.distillation.select import pick_frames
from potstill.errors import PotstillError
from potstill.models.model_file import save_ensemble
from potstill.settings import Descriptor, Distillation


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """A pool of 36 mixed frames of copper and gold."""
    return write_xyz(tmp_path_factory.mktemp("pool") / "pool.xyz", alloys(36))


def test_the_library_picks_and_labels_stay(potstill, pool, tmp_path):
    base = write_xyz(tmp_path / "base.xyz", emt_frames(3))
    out = tmp_path / "chosen.xyz"
    potstill("select", pool, "-n", 8, "--base", base, "-o", out, "--seed", 4)
    frames = read_frames_file(pool).frames
    descriptor = Descriptor().of_elements(("Cu", "Au"))
    candidates = Candidates.of(
        frames, read_frames_file(base).frames, descriptor=descriptor, scores=None, labels=False
    )
    wanted = pick_frames(candidates, 8, Distillation(source="pool"), 4, "pool").rows
    chosen = read_frames_file(out).frames
    assert chosen.columns["file_frame"].tolist() == wanted.tolist()
    for name in ("positions", "species", "energy", "forces", "stress", "pbc"):
        np.testing.assert_array_equal(getattr(chosen, name), getattr(frames[wanted], name))
    before = out.read_bytes()
    potstill("select", pool, "-n", 8, "--base", base, "-o", out, "--seed", 4)
    assert out.read_bytes() == before


def test_what_the_base_holds_is_not_chosen_again(potstill, tmp_path):
    """A pool of thirty displaced crystals and one stretched far: the base decides if it is new."""
    frames = emt_frames(31)
    frames[30].atoms.set_cell(frames[30].atoms.cell.array * 1.2, scale_atoms=True)
    pool = write_xyz(tmp_path / "pool.xyz", frames)
    base = write_xyz(tmp_path / "base.xyz", frames[30:])

    def chosen(*words):
        out = tmp_path / "chosen.xyz"
        potstill("select", pool, "-n", 3, "--strategy", "farthest_point", "-o", out, *words)
        return [image.info["file_frame"] for image in ase.io.read(out, ":")]

    assert 30 in chosen() and 30 not in chosen("--base", base)


def test_a_strategy_that_asks_a_model(potstill, labelled, ensemble, tmp_path):
    write_frames(tmp_path / "pool.h5", labelled)
    save_ensemble(tmp_path / "model.pt", ensemble)
    out = tmp_path / "chosen.xyz"
    words = ("select", tmp_path / "pool.h5", "-n", 5, "--strategy", "frame_sigma", "-o", out)
    with pytest.raises(PotstillError, match=r"frame_sigma asks a model; name one with --model"):
        potstill(*words)
    potstill(*words, "--model", tmp_path / "model.pt")
    sigma = ensemble.predict(labelled, forces=False).energy_std
    wanted = np.sort(np.argsort(-sigma, kind="stable")[:5])
    assert read_frames_file(out).frames.columns["file_frame"].tolist() == wanted.tolist()
    assert all(image.info["reason"].startswith("sigma/") for image in ase.io.read(out, ":"))


def test_the_strategy_of_forces_asks_for_them(potstill, labelled, ensemble, tmp_path):
    write_frames(tmp_path / "pool.h5", labelled)
    save_ensemble(tmp_path / "model.pt", ensemble)
    words = ("--strategy", "force_sigma", "--model", tmp_path / "model.pt")
    potstill("select", tmp_path / "pool.h5", "-n", 5, "-o", tmp_path / "chosen.xyz", *words)
    sigma = ensemble.predict(labelled, forces=True, spread=True).force_std.reshape(60, 32)
    wanted = np.sort(np.argsort(-sigma.max(axis=1), kind="stable")[:5])
    chosen = read_frames_file(tmp_path / "chosen.xyz").frames
    assert chosen.columns["file_frame"].tolist() == wanted.tolist()


def test_frames_without_labels(potstill, pool, tmp_path):
    images = ase.io.read(pool, ":")
    for number, image in enumerate(images):
        image.calc = None
        image.info = {"group": f"kind {number % 2}"}
    ase.io.write(tmp_path / "bare.traj", images)
    potstill("select", tmp_path / "bare.traj", "-n", 5, "-o", tmp_path / "chosen.xyz")
    for image in ase.io.read(tmp_path / "chosen.xyz", ":"):
        number = image.info["file_frame"]
        assert image.info["group"] == f"kind {number % 2}" and image.calc is None
        np.testing.assert_array_equal(image.positions, images[number].positions)


def test_bad_input(potstill, pool, tmp_path):
    out = tmp_path / "chosen.xyz"
    with pytest.raises(PotstillError, match=r"pool.xyz: holds 36 frames; choose fewer than 40"):
        potstill("select", pool, "-n", 40, "-o", out)
    with pytest.raises(PotstillError, match=r"pool.xyz: is an input as well"):
        potstill("select", pool, "-n", 4, "-o", pool)
    with pytest.raises(PotstillError, match=r"absent.xyz: no such file"):
        potstill("select", pool, "-n", 4, "-o", out, "--base", tmp_path / "absent.xyz")
    assert potstill("select", pool, "-n", 4, "-o", out, "--strategy", "best").exit_code == 2
    assert not out.exists()
