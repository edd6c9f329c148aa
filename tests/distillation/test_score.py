"""The scores of a block, from a real ensemble (untrained networks) on solid frames."""

from dataclasses import replace

import ase.build
import numpy as np
import pytest
import torch
from alloys import images
from ase.calculators.lj import LennardJones

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.data.structures import Structures
from potstill.descriptors.symmetry_functions import feature_count
from potstill.distillation.blocks import block_range
from potstill.distillation.candidates import Candidates
from potstill.distillation.score import score, score_block
from potstill.distillation.scores import read_scores
from potstill.distillation.strategies import find
from potstill.errors import PotstillError
from potstill.models import load_calculator, load_ensemble
from potstill.models.calculator_committee import CalculatorCommittee
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import save_ensemble
from potstill.models.networks import Networks
from potstill.settings import Descriptor, Distillation, Training

COUNT, BLOCKS = 11, 3


def save_model(path, *symbols):
    """Write an untrained ensemble of these elements, nickel for none."""
    elements = symbols or ("Ni",)
    settings = Training(members=4, layers=(8,), descriptor=Descriptor(radial_shifts=6))
    networks = Networks(settings, len(elements)).double()
    networks.initialise(3)
    shape = len(elements), feature_count(settings.descriptor, len(elements))
    save_ensemble(
        path,
        Ensemble(
            elements=elements,
            settings=settings,
            mean=torch.full(shape, 0.5, dtype=torch.float64),
            std=torch.ones(shape, dtype=torch.float64),
            self_energies_eV=torch.full((len(elements),), -4.4, dtype=torch.float64),
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


def score_file(model, frames, output, block=1):
    score_block(
        model, frames, block=block, blocks=BLOCKS, device="cpu", threads=1, output=output
    )  # fmt: skip
    return read_scores(output)


def test_scores_are_the_calculators_spread_of_the_same_frames(files, tmp_path):
    model, path = files
    frames, calculator = read_frames(path), load_calculator(model)
    seen = []
    for block in range(BLOCKS):
        scores = score_file(model, path, tmp_path / "scores.h5", block)
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
    score_file(model, path, tmp_path / "a.h5")
    frames = read_frames(path)
    other = {"energy": frames.energy + 7, "forces": -frames.forces}
    write_frames(tmp_path / "other.h5", replace(frames, **other))
    score_file(model, tmp_path / "other.h5", tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_frames_of_several_elements_and_sizes(tmp_path):
    """Each frame's scores are those of this frame alone."""
    model = save_model(tmp_path / "ensemble.pt", "Be", "W")
    frames = Frames.of_atoms(images(COUNT))
    write_frames(tmp_path / "dft.h5", frames)
    scores = score_file(model, tmp_path / "dft.h5", tmp_path / "scores.h5")
    ensemble = load_ensemble(model)
    assert scores.symbol == "BeW" and scores.start[-1] == len(scores.atomic_std)
    for place, index in enumerate(scores.frame_index):
        alone = ensemble.predict(frames.structures([index]), forces=False)
        here = slice(scores.start[place], scores.start[place + 1])
        expected = alone.atomic_energies.std(axis=0)
        np.testing.assert_allclose(scores.atomic_std[here], expected, rtol=1e-9)
        sigma = alone.energies.std(axis=0)
        np.testing.assert_allclose(scores.energy_std[place], sigma[0], rtol=1e-9)


def test_a_committee_of_calculators_selects():
    """Their energies are depths times one number a frame, and so is their spread."""
    frames, depths = Structures.of_atoms(images(COUNT)), np.array([0.010, 0.011, 0.013])
    calculators = [LennardJones(sigma=2.4, epsilon=depth, rc=6.0) for depth in depths]
    found = score(
        CalculatorCommittee(calculators, ("W", "Be")), frames, symbol="BeW", index=np.arange(COUNT)
    )
    assert found.atomic_std is None
    energy = np.array([calculators[0].get_potential_energy(frames.image(k)) for k in range(COUNT)])
    sigma = np.abs(energy) / depths[0] * depths.std()
    np.testing.assert_allclose(found.energy_std, sigma, rtol=1e-9)
    candidates = Candidates(frames, frames.structures([]), Descriptor(), found)
    picked = find("frame_sigma").pick(
        candidates, 4, Distillation(source="WBe/mixed/lj"), np.random.default_rng(0)
    )
    assert picked.rows.tolist() == np.argsort(-sigma / np.sqrt(frames.sizes))[:4].tolist()
    with pytest.raises(PotstillError, match="committee without energies of atoms"):
        find("atom_sigma").pick(
            candidates, 4, Distillation(source="WBe/mixed/lj"), np.random.default_rng(0)
        )


def test_forces_of_members_that_differ_most_are_picked(tmp_path):
    """By differences of each member's own energies, on alloys of several sizes."""
    model, path = save_model(tmp_path / "ensemble.pt", "Be", "W"), tmp_path / "dft.h5"
    frames = Frames.of_atoms(images(6), energy=np.zeros(6))
    write_frames(path, frames)
    score_block(
        model, path, block=0, blocks=1, forces=True, device="cpu", threads=1,
        output=tmp_path / "scores.h5",
    )  # fmt: skip
    scores = read_scores(tmp_path / "scores.h5")
    ensemble, step = load_ensemble(model), 1e-4

    def energies(frame, atom, axis, shift):
        moved = frame.copy()
        moved.positions[atom, axis] += shift
        return ensemble.predict(Structures.of_atoms([moved]), forces=False).energies[:, 0]

    expected, largest = [], []
    for frame in images(6):
        forces = np.array(
            [
                [(energies(frame, n, axis, -step) - energies(frame, n, axis, step)) / (2 * step)
                 for axis in range(3)]
                for n in range(len(frame))
            ]
        )  # fmt: skip
        deviation = forces - forces.mean(axis=2, keepdims=True)
        sigma = np.sqrt((deviation**2).mean(axis=(1, 2)))
        expected.append(sigma)
        largest.append(sigma.max())
    np.testing.assert_allclose(
        scores.force_std, np.concatenate(expected), rtol=1e-3, atol=1e-5 * max(largest)
    )
    candidates = Candidates(frames, frames.structures([]), Descriptor(), scores)
    picked = find("force_sigma").pick(
        candidates, 3, Distillation(source="WBe/mixed/dft"), np.random.default_rng(0)
    )
    assert picked.rows.tolist() == np.argsort(-np.array(largest))[:3].tolist()
    row = picked.rows[0]
    assert (
        f"atom {expected[row].argmax()} has sigma = {1e3 * largest[row]:.1f}" in picked.reasons[0]
    )


def test_forces_are_scored_only_where_they_are_asked_for(files, tmp_path):
    assert score_file(*files, tmp_path / "scores.h5").force_std is None


def test_a_model_of_another_element_is_refused(files, tmp_path):
    model = save_model(tmp_path / "Al.pt", "Al")
    with pytest.raises(PotstillError, match=r"Al\.pt: this model is for Al, not for Ni"):
        score_file(model, files[1], tmp_path / "scores.h5")
