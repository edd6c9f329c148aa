"""A turn of the loop: where a model leads, what is chosen, and when it is enough."""

import json
from pathlib import Path

import ase
import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.exploration.growth import begin, errors_in, grow, write_explored, write_goals
from potstill.exploration.led_to import LedTo, led_to, relax_known
from potstill.exploration.model_dynamics import Course
from potstill.exploration.turn import choose, explore
from potstill.foundation.frame_orders import EXAMPLE, first_frames, read_set
from potstill.foundation.metal_crystal import metal_crystal
from potstill.foundation.strained_crystals import perfect_cell
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.models.model_file import load_ensemble
from potstill.settings import ElementGiven, Exploration
from potstill.settings.exploration import GOALS, is_enough

NICKEL = metal_crystal("Ni", "fcc", 3.516)


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return load_ensemble(EXAMPLE / "nickel.pt")


@pytest.fixture(scope="module")
def known() -> Frames:
    """Labelled frames: the first of those that come along, by EMT."""
    return labelled(first_frames(NICKEL, 6, read_set()).frames)


def labelled(frames: Frames) -> Frames:
    images = [frames.image(k) for k in range(len(frames))]
    for image in images:
        image.calc = EMT()
    return Frames.of_atoms(
        images,
        energy=np.array([image.get_potential_energy() for image in images]),
        forces=np.concatenate([image.get_forces() for image in images]),
    )


def settings(**changes) -> Exploration:
    given = {
        "start": "Ni/32/foundational",
        "runs": [{"temperature_K": 500}],
        "frames_of_run": 3,
        "interval_steps": 20,
        "equilibration_steps": 20,
        "relax": ["hcp", "vacancy"],
        "added": 3,
        "strained": 0,
    }
    return Exploration.model_validate(given | changes)


def shaken(by: float, seed: int = 0) -> ase.Atoms:
    atoms = perfect_cell(NICKEL)
    atoms.positions += np.random.default_rng(seed).normal(0, by, atoms.positions.shape)
    return atoms


def test_a_relaxation_ends_where_one_by_ase_does(ensemble):
    found = relax_known(ensemble, shaken(0.02))
    (relaxed,) = found.frames
    assert not found.stopped and found.doubted is None
    exact = shaken(0.02)
    exact.calc = EnsembleCalculator(ensemble)
    BFGS(FrechetCellFilter(exact), logfile=None).run(fmax=1e-3, steps=500)
    relaxed.calc = EnsembleCalculator(ensemble)
    energies = [a.get_potential_energy() / 32 for a in (relaxed, exact)]
    assert energies[0] == pytest.approx(energies[1], abs=1e-4)
    assert relaxed.get_volume() == pytest.approx(exact.get_volume(), rel=2e-3)


def test_a_relaxation_from_where_nothing_is_known_ends_there(ensemble):
    squeezed = perfect_cell(NICKEL)
    squeezed.set_cell(squeezed.cell * 0.8, scale_atoms=True)
    found = relax_known(ensemble, squeezed)
    assert not found.frames and found.stopped.startswith("outside")
    np.testing.assert_array_equal(found.doubted.positions, squeezed.positions)


def test_a_model_leads_to_runs_and_relaxations(ensemble):
    one, two = (list(led_to(ensemble, NICKEL, settings(), 1, turn)) for turn in (1, 2))
    assert [source for source, _ in one] == ["crystal at 500 K", "relaxed hcp", "relaxed vacancy"]
    dynamics, _, vacancy = (course for _, course in one)
    assert len(dynamics.frames) == 3
    assert len(vacancy.doubted or vacancy.frames[0]) == 31
    again = two[0].course.frames[0].positions
    assert np.abs(dynamics.frames[0].positions - again).max() > 0.01, "each turn has other courses"


def broken(*frames: ase.Atoms) -> Course:
    """Return a course that ended where two atoms are on one spot."""
    atoms = perfect_cell(NICKEL)
    atoms.positions[1] = atoms.positions[0]
    return Course(list(frames), "refused: two atoms on one spot", atoms)


def test_one_of_each_run_then_doubted_ones_then_others(ensemble, known):
    runs = settings(runs=[{"temperature_K": 500}, {"temperature_K": 900}], added=5)
    cold = [shaken(0.05, 1), shaken(0.05, 2)]
    doubted, relaxed, odd = shaken(0.3), shaken(0.01, 3), shaken(0.15, 4)
    found = [
        LedTo("cold", Course(cold)),
        LedTo("hot", Course([odd], "outside: atom 3", doubted)),
        LedTo("relaxed", Course([relaxed])),
    ]
    chosen = choose(ensemble, NICKEL, known, found, runs, seed=1, turn=1)
    assert chosen.sources[:3] == ["cold", "hot", "hot, doubted"]
    assert sorted(chosen.sources[3:]) == ["cold", "relaxed"]
    assert chosen.frames.columns["drawn"].tolist() == [True, True, False, False, False]
    np.testing.assert_array_equal(chosen.frames.image(2).positions, doubted.positions)
    drawn = [
        choose(ensemble, NICKEL, known, found, runs, 1, turn).frames.image(0) for turn in range(9)
    ]
    assert len({atoms.positions[0, 0] for atoms in drawn}) == 2, "either may be drawn"


def test_strained_crystals_are_of_the_metal_and_of_each_kind_in_turn(ensemble, known):
    given = settings(added=3, strained=2)
    found = [LedTo("run", Course([shaken(0.05)]))]
    chosen = [choose(ensemble, NICKEL, known, found, given, 1, turn) for turn in (1, 2, 3)]
    kinds = [source for one in chosen for source in one.sources if source != "run"]
    assert kinds == [f"strained {name}" for name in ("hcp", "fcc", "bcc", "hcp", "fcc", "bcc")]
    for one in chosen:
        assert one.frames.columns["drawn"].tolist() == [True, False, False]
        for atoms in (one.frames.image(1), one.frames.image(2)):
            assert set(atoms.symbols) == {"Ni"} and len(atoms) == 32
            volume = atoms.get_volume() / 32 / NICKEL.volume_A3
            assert 0.89 < volume < 1.11


def test_what_is_most_unlike_the_known_is_chosen(ensemble, known):
    """There are two of one, and one says it all."""
    twice, odd = shaken(0.1, 1), shaken(0.15, 2)
    found = [LedTo("run", Course([shaken(0.02)])), LedTo("x", Course([twice, twice, odd]))]
    chosen = choose(ensemble, NICKEL, known, found, settings(), seed=1, turn=1)
    assert {chosen.frames.image(k).positions[0, 0] for k in (1, 2)} == {
        twice.positions[0, 0],
        odd.positions[0, 0],
    }


def test_what_cannot_be_predicted_is_no_frame(ensemble, known):
    found = [LedTo("run", broken(shaken(0.1)))]
    assert choose(ensemble, NICKEL, known, found, settings(), seed=1, turn=1).sources == ["run"]
    with pytest.raises(PotstillError, match="leads to nothing that could be labelled"):
        choose(ensemble, NICKEL, known, [LedTo("run", broken())], settings(), 1, 1)


def test_files_of_turns(ensemble, known, tmp_path: Path):
    start = tmp_path / "start.h5"
    known.columns["order"] = np.array([0, 2, 1, 4, 5, 3])
    write_frames(start, known)
    given = settings(count=4, energy_error_meV_per_atom=1e9, force_error_meV_per_A=1e9)
    first = {"labelled": tmp_path / "0.h5", "summary": tmp_path / "0.json"}
    begin(start, count=given.count, **first)
    assert read_frames(first["labelled"]).energy.tolist() == known.energy[[0, 2, 1, 5]].tolist()
    assert json.loads(first["summary"].read_text()) == {"turn": 0, "labels": 4}

    model = EXAMPLE / "nickel.pt"
    for name in ("frames", "again"):
        explore(
            model,
            first["labelled"],
            symbol="Ni",
            settings=given,
            given=ElementGiven(structure="fcc", lattice_constant_A=3.516),
            turn=1,
            seed=1,
            threads=1,
            frames=tmp_path / f"{name}.h5",
            summary=tmp_path / f"{name}.json",
        )
    assert (tmp_path / "frames.h5").read_bytes() == (tmp_path / "again.h5").read_bytes()
    explored = json.loads((tmp_path / "frames.json").read_text())
    assert len(explored["courses"]) == 3 and len(explored["chosen"]) == 3
    frames = read_frames(tmp_path / "frames.h5")
    new = labelled(frames)
    new.columns.update(frames.columns)
    write_frames(tmp_path / "new.h5", new)
    (tmp_path / "failures.json").write_text('{"failed": {"2": "no convergence"}}')
    second = {"labelled": tmp_path / "1.h5", "summary": tmp_path / "1.json"}
    grow(
        labelled_before=first["labelled"],
        model=model,
        explored=tmp_path / "frames.json",
        new=tmp_path / "new.h5",
        failures=tmp_path / "failures.json",
        turn=1,
        **second,
    )
    grown, told = read_frames(second["labelled"]), json.loads(second["summary"].read_text())
    assert grown.columns["turn"].tolist() == [0] * 4 + [1] * 3
    np.testing.assert_array_equal(grown.energy[4:], new.energy)
    assert (told["labels"], told["failed"]) == (7, 1)
    assert new.columns["drawn"].tolist() == [True, False, False]
    assert {name: told[name] for name in GOALS} == errors_in(ensemble, new[:1])

    made = {name: tmp_path / f"explored.{name}" for name in ("frames", "csv", "markdown")}
    summaries = [second["summary"], first["summary"]]
    write_goals(settings=given, output=tmp_path / "goals.json")
    write_explored(tmp_path / "goals.json", second["labelled"], summaries, **made)
    assert len(read_frames(made["frames"])) == 7
    lines = made["csv"].read_text().splitlines()
    assert lines[0].startswith("turn,labels,failed") and lines[1].startswith("0,4,")
    assert lines[2].startswith("1,7,1,")
    assert "7 labels are enough" in made["markdown"].read_text()


def test_errors_are_those_of_the_calculator(ensemble, known):
    """Of one frame and against ASE's own numbers."""
    frame = known[3:4]
    atoms = frame.image(0)
    atoms.calc = EnsembleCalculator(ensemble)
    found = errors_in(ensemble, frame)
    assert errors_in(ensemble, frame[:0]) == {}
    energy = abs(atoms.get_potential_energy() - frame.energy[0]) / 32
    assert found["energy_error_meV_per_atom"] == pytest.approx(1e3 * energy, rel=1e-3)
    force = np.abs(atoms.get_forces() - frame.forces).mean()
    assert found["force_error_meV_per_A"] == pytest.approx(1e3 * force, rel=1e-3)


def test_errors_that_are_not_known_are_not_enough():
    assert not is_enough({}, {"energy_error_meV_per_atom": 1.0})


@pytest.mark.parametrize(
    "energy_goal, force_goal, enough",
    [(1, 50, True), (0.5, 50, False), (1, 20, False), (None, 50, True), (None, None, False)],
)
def test_what_is_enough(energy_goal, force_goal, enough):
    errors = {"energy_error_meV_per_atom": 0.8, "force_error_meV_per_A": 30.0}
    goals = {"energy_error_meV_per_atom": energy_goal, "force_error_meV_per_A": force_goal}
    assert is_enough(errors, settings(**goals).goals) is enough


def test_sizes_of_all_kinds_are_one_set(ensemble, known):
    """A vacancy has 31 atoms."""
    vacancy = perfect_cell(NICKEL)
    del vacancy[0]
    found = [LedTo("vacancy", Course([vacancy])), LedTo("crystal", Course([shaken(0.1)]))]
    chosen = choose(
        ensemble, NICKEL, Structures.of_atoms([shaken(0.05)]), found, settings(added=2), 1, 1
    )
    assert sorted(chosen.frames.sizes) == [31, 32]
