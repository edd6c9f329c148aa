"""What networks say of frames that they did not train on, against each network's own energies."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from emt_frames import Labelled, alloys, write_xyz

from potstill.data.any_file import read_frames_file
from potstill.data.structures import Structures
from potstill.models.ensemble import Ensemble
from potstill.models.evaluate_frames import NamedFrames, tell
from potstill.training.held_out import compare_held_out
from potstill.training.loop import split

SEED = 4


@pytest.fixture
def frames() -> list[Labelled]:
    """Copper, gold and alloys, in bulk, as slabs and clusters."""
    return alloys(14)


@pytest.fixture
def given(frames: list[Labelled], tmp_path: Path) -> NamedFrames:
    path = write_xyz(tmp_path / "train.xyz", frames)
    return NamedFrames.of_file(path, read_frames_file(path))


@pytest.fixture
def model(given: NamedFrames, make_ensemble: Callable[..., Ensemble]) -> Ensemble:
    """Return networks as if trained on the frames."""
    return make_ensemble(
        given.frames, descriptor={"radial_shifts": 6, "angular_shifts": 2}, validation_share=0.3
    )


def test_each_frame_by_the_members_that_held_it_out(
    given: NamedFrames, model: Ensemble, frames: list[Labelled]
) -> None:
    """Forces against differences of these members' energies along random displacements."""
    found = compare_held_out(model, given, seed=SEED)
    held = split(14, model.settings, SEED)
    rows = np.flatnonzero(held.any(axis=0))
    assert found is not None and 3 < len(rows) < 14 and (held.sum(axis=0) > 1).any()
    assert found.given.numbers == rows.tolist()
    draw = np.random.default_rng(0)
    for place, row in enumerate(rows):
        members = held[:, row]

        def energy(shift: float, atoms=frames[row].atoms, along=None, members=members) -> float:
            moved = atoms.copy()
            if along is not None:
                moved.positions += shift * along
            energies = model.predict(Structures.of_atoms([moved]), forces=False).energies
            return float(energies[members, 0].mean())

        assert found.energies.predicted[place] == pytest.approx(energy(0.0))
        assert found.energies.exact[place] == pytest.approx(frames[row].labels["energy"])
        along = draw.normal(size=frames[row].atoms.positions.shape)
        slope = (energy(1e-4, along=along) - energy(-1e-4, along=along)) / 2e-4
        assert found.forces is not None
        here = found.given.frames.of_atoms_in(place)
        assert -np.sum(found.forces.predicted[here] * along) == pytest.approx(slope, rel=1e-4)


def test_what_is_told_of_them(given: NamedFrames, model: Ensemble) -> None:
    found = compare_held_out(model, given, seed=SEED)
    assert found is not None
    told = tell(found, seed=SEED)
    error = (found.energies.predicted - found.energies.exact) / found.given.frames.sizes
    assert told["mae_meV_per_atom"] == pytest.approx(1e3 * np.abs(error).mean())
    worst = int(np.argmax(np.abs(error)))
    assert told["worst_energies"][0]["frame"] == found.given.numbers[worst]
    # sigma is that of all networks
    std = model.predict(found.given.frames, forces=False).energy_std
    sigma = 1e3 * std[worst] / found.given.frames.sizes[worst]
    assert told["worst_energies"][0]["sigma_meV_per_atom"] == pytest.approx(sigma)
    assert "calibration" not in told


def test_frames_without_labels_are_left_out(given: NamedFrames, model: Ensemble) -> None:
    frames = given.frames
    lacking = np.arange(14) != 0
    held = split(14, model.settings, SEED)
    kept = int(np.flatnonzero(held.any(axis=0))[0])
    lacking = np.arange(14) != kept
    some = given._replace(frames=replace(frames, lacking={"energy": lacking, "forces": lacking}))
    found = compare_held_out(model, some, seed=SEED)
    assert found is not None and found.forces is not None
    assert found.energies.frames.tolist() == found.forces.frames.tolist() == [0]
    none = np.ones(14, dtype=bool)
    none[np.flatnonzero(~held.any(axis=0))[0]] = False  # all networks trained on it
    bare = given._replace(frames=replace(frames, lacking={"energy": none}))
    assert compare_held_out(model, bare, seed=SEED) is None
