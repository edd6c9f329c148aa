"""The scores of a block, from a real ensemble (untrained networks) on solid frames."""

from dataclasses import replace

import ase.build
import numpy as np
import pytest
import torch

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.descriptors.symmetry_functions import feature_count
from potstill.distillation.blocks import block_range
from potstill.distillation.score import score_block
from potstill.distillation.scores import read_scores
from potstill.errors import PotstillError
from potstill.models import load_calculator
from potstill.models.ensemble import Ensemble, Networks
from potstill.models.model_file import save_ensemble
from potstill.settings import Descriptor, Training

COUNT, BLOCKS = 11, 3


def save_model(path, symbol="Ni"):
    settings = Training(members=4, layers=(8,), descriptor=Descriptor(radial_shifts=6))
    networks = Networks(settings).double()
    networks.initialise(3)
    size = feature_count(settings.descriptor)
    save_ensemble(
        path,
        Ensemble(
            elements=(symbol,),
            settings=settings,
            mean=torch.full((1, size), 0.5, dtype=torch.float64),
            std=torch.ones((1, size), dtype=torch.float64),
            self_energies_eV=torch.tensor([-4.4], dtype=torch.float64),
            scale_eV=0.1,
            networks=networks,
        ),
    )
    return path


def save_set(path):
    crystal = ase.build.bulk("Ni", "fcc", a=3.52, cubic=True)
    generator = np.random.default_rng(0)
    atoms = len(crystal)
    frames = Frames.uniform(
        "Ni",
        crystal.positions + generator.normal(0, 0.2, (COUNT, atoms, 3)),
        np.tile(crystal.cell.array, (COUNT, 1, 1)),
        energy=generator.random(COUNT),
        atomic_energies=generator.random(COUNT * atoms),
        forces=generator.random((COUNT * atoms, 3)),
        stress=generator.random((COUNT, 3, 3)),
    )
    write_frames(path, frames)
    return path


@pytest.fixture
def files(tmp_path):
    return save_model(tmp_path / "ensemble.pt"), save_set(tmp_path / "momt.h5")


def score(model, frames, output, block=1):
    score_block(
        model, frames, block=block, blocks=BLOCKS, device="cpu", threads=1, output=output
    )  # fmt: skip
    return read_scores(output)


def test_scores_are_the_calculators_spread_of_the_same_frames(files, tmp_path):
    model, path = files
    frames, calculator = read_frames(path), load_calculator(model)
    seen = []
    for block in range(BLOCKS):
        scores = score(model, path, tmp_path / "scores.h5", block)
        assert scores.frame_index.tolist() == list(block_range(COUNT, BLOCKS, block))
        by_frame = scores.atomic_std.reshape(len(scores.frame_index), -1)
        for row, index in zip(by_frame, scores.frame_index, strict=True):
            atoms = frames.to_ase(index)
            atoms.calc = calculator
            atoms.get_potential_energy()
            np.testing.assert_allclose(row, calculator.results["energies_std"], rtol=1e-9)
        seen += scores.frame_index.tolist()
        assert (scores.atomic_std > 0).all()
    assert seen == list(range(COUNT))


def test_labels_play_no_part_and_bytes_repeat(files, tmp_path):
    model, path = files
    score(model, path, tmp_path / "a.h5")
    frames = read_frames(path)
    other = {"energy": frames.energy + 7, "forces": -frames.forces}
    write_frames(tmp_path / "other.h5", replace(frames, **other))
    score(model, tmp_path / "other.h5", tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_model_of_another_element_is_refused(files, tmp_path):
    model = save_model(tmp_path / "Al.pt", "Al")
    with pytest.raises(PotstillError, match=r"Al\.pt: this model is for Al, not for Ni"):
        score(model, files[1], tmp_path / "scores.h5")
