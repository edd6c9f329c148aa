"""Many cells relaxed at once: ASE's minima, known minima, and cells that misbehave."""

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path

import ase
import ase.build
import ase.io
import numpy as np
import pytest
from ase.calculators.calculator import Calculator
from ase.filters import FrechetCellFilter
from ase.optimize import LBFGS
from numpy.typing import NDArray

from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.potentials.eam import EamPotential, label_frames
from potstill.potentials.eam_calculator import EAM
from potstill.relaxation import BatchRelaxed, minimise, relax_batch
from potstill.relaxation.coordinates import LARGEST_STEP_A, Evaluate, periodic_planes
from potstill.relaxation.springs import inverse_hessians
from potstill.runtime.device import limit_threads
from potstill.runtime.restart import Restart
from potstill.settings import Training
from potstill.training.loop import train

Floats = NDArray[np.float64]
ROOT = Path(__file__).parents[2]


def perturbed(count: int, noise: float, strain: float, seed: int) -> tuple[Floats, Floats]:
    """Return positions (F, 32, 3) and cells of displaced and strained FCC nickel crystals."""
    random = np.random.default_rng(seed)
    crystal = ase.build.bulk("Ni", cubic=True, a=3.52).repeat(2)
    deformation = np.eye(3) + strain * random.normal(size=(count, 3, 3))
    positions = crystal.positions @ deformation
    return positions + noise * random.normal(size=positions.shape), crystal.cell @ deformation


def nickel_of(positions: Floats, cell: Floats) -> Structures:
    """Return periodic structures of nickel."""
    return Structures.uniform("Ni", positions, cell)


def cells_of(positions: Floats, cell: Floats) -> list[ase.Atoms]:
    """Return periodic Atoms of nickel."""
    return [nickel_of(positions, cell).image(k) for k in range(len(cell))]


@pytest.fixture(scope="session")
def nickel(tables: dict[str, Path]) -> EamPotential:
    return EamPotential.from_file(tables["Ni-Nb"], "Ni")


@pytest.fixture(scope="session")
def ensemble(nickel: EamPotential, tmp_path_factory: pytest.TempPathFactory) -> Ensemble:
    limit_threads(1)
    parts = [perturbed(20, noise, 0.02, seed) for seed, noise in enumerate((0.02, 0.06, 0.12))]
    positions, cell = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    frames = label_frames(nickel, nickel_of(positions, cell))
    settings = Training(members=2, layers=(24, 16), steps=800)
    restart = Restart(tmp_path_factory.mktemp("small") / "restart", "", math.inf)
    return train(frames, settings, 1, restart=restart)[0]


@pytest.fixture
def eam(nickel: EamPotential) -> Evaluate:
    def evaluate(structures: Structures) -> tuple[Floats, Floats, Floats]:
        labels = nickel.evaluate(structures)
        return labels.energy, labels.forces, labels.stress

    return evaluate


def with_ase(
    calculator: Calculator, positions: Floats, cell: Floats, fmax: float, relax_cell: bool
) -> ase.Atoms:
    atoms = ase.Atoms("Ni32", positions, cell=cell, pbc=True)
    atoms.calc = calculator
    optimiser = LBFGS(FrechetCellFilter(atoms) if relax_cell else atoms, logfile=None)
    assert optimiser.run(fmax=fmax, steps=300)
    return atoms


def assert_same_minimum(relaxed: BatchRelaxed, k: int, atoms: ase.Atoms) -> None:
    """Equal energies, and equal distances: a cell may have turned, a crystal have shifted."""
    assert relaxed.energy[k] == pytest.approx(atoms.get_potential_energy(), abs=32e-6)
    x, cell = relaxed.dense(relaxed.positions)[k], relaxed.cell[k]
    metric = np.asarray(atoms.cell) @ np.asarray(atoms.cell).T
    np.testing.assert_allclose(cell @ cell.T, metric, atol=0.03)  # A^2, of 49
    scaled = np.linalg.solve(cell.T, (x - x[0]).T).T
    expected = atoms.get_scaled_positions(wrap=False)
    np.testing.assert_allclose(scaled, expected - expected[0], atol=3e-4)


@pytest.mark.parametrize("relax_cell", [False, True])
def test_eam_minima_are_those_of_ase(nickel: EamPotential, eam: Evaluate, relax_cell: bool) -> None:
    positions, cell = perturbed(6, 0.1, 0.02, seed=11)
    relaxed = minimise(eam, nickel_of(positions, cell), fmax=1e-3, steps=100, relax_cell=relax_cell)
    assert relaxed.converged.all() and relaxed.steps.max() < 20
    assert (relaxed.largest_force < 1e-3).all()
    if not relax_cell:
        np.testing.assert_array_equal(relaxed.cell, cell)
    for k in range(2):
        atoms = with_ase(EAM(nickel), positions[k], cell[k], 1e-3, relax_cell)
        assert_same_minimum(relaxed, k, atoms)
    # what is reported is what the potential says of the reported geometry
    labels = nickel.evaluate(relaxed)
    np.testing.assert_allclose(relaxed.energy, labels.energy, atol=1e-10)
    force = np.linalg.norm(relaxed.dense(labels.forces), axis=2).max(axis=1)
    volume = np.abs(np.linalg.det(relaxed.cell))
    virial = np.linalg.norm(labels.stress, axis=2).max(axis=1) * volume / 32
    expected = np.maximum(force, virial) if relax_cell else force
    np.testing.assert_allclose(relaxed.largest_force, expected, atol=1e-9)


@pytest.mark.parametrize("relax_cell", [False, True])
def test_minima_of_an_ensemble_are_those_of_ase(ensemble: Ensemble, relax_cell: bool) -> None:
    positions, cell = perturbed(5, 0.08, 0.015, seed=12)
    relaxed = relax_batch(
        ensemble, cells_of(positions, cell), fmax=2e-3, steps=100, relax_cell=relax_cell
    )
    assert relaxed.converged.all()
    calculator = EnsembleCalculator(ensemble)
    atoms = with_ase(calculator, positions[0], cell[0], 2e-3, relax_cell)
    assert_same_minimum(relaxed, 0, atoms)


def test_an_ensemble_relaxes_any_boundaries(ensemble: Ensemble) -> None:
    """A vacancy, a slab and a cell in one call, as ASE relaxes them one by one."""
    cells = cells_of(*perturbed(3, 0.05, 0.01, seed=23))
    del cells[0][7]
    cells[1].set_cell(cells[1].cell.array * [[1], [1], [0]], scale_atoms=False)
    cells[1].pbc = (True, True, False)
    relaxed = relax_batch(ensemble, cells, fmax=3e-4, steps=200)
    assert relaxed.converged.all()
    for k, atoms in enumerate(cells):
        atoms.calc = EnsembleCalculator(ensemble)
        assert LBFGS(atoms, logfile=None).run(fmax=3e-4, steps=300)
        assert relaxed.energy[k] == pytest.approx(atoms.get_potential_energy(), abs=1e-5)
        distances = relaxed.image(k).get_all_distances(mic=True)
        np.testing.assert_allclose(distances, atoms.get_all_distances(mic=True), atol=3e-3)


def test_a_strained_crystal_finds_its_lattice_constant(eam: Evaluate) -> None:
    positions, cell = perturbed(3, 0.05, 0.03, seed=13)
    relaxed = minimise(eam, nickel_of(positions, cell), fmax=1e-3, steps=100, relax_cell=True)
    lengths = np.linalg.norm(relaxed.cell, axis=2) / 2
    np.testing.assert_allclose(lengths, 3.51623, atol=1e-3)
    np.testing.assert_allclose(relaxed.energy / 32, -4.87631, atol=1e-5)


@pytest.mark.parametrize("stiffness", [0.02, 3.0, 100.0])
def test_a_quadratic_form_has_its_minimum(stiffness: float) -> None:
    """Also where the model Hessian is wrong by two orders of magnitude."""
    positions, cell = perturbed(4, 0.05, 0.02, seed=14)
    centres = positions + np.random.default_rng(1).normal(size=positions.shape)
    scales = stiffness * np.linspace(0.3, 1.0, 96).reshape(32, 3)
    seen: list[Floats] = []

    def evaluate(structures: Structures) -> tuple[Floats, Floats, Floats]:
        away = structures.dense(structures.positions) - centres
        seen.append(away)
        forces = -scales * away
        energy = 0.5 * (scales * away**2).sum(axis=(1, 2))
        return energy, forces.reshape(-1, 3), np.zeros_like(structures.cell)

    relaxed = minimise(evaluate, nickel_of(positions, cell), fmax=1e-30, steps=80)
    np.testing.assert_allclose(relaxed.dense(relaxed.positions), centres, atol=1e-3)
    assert (relaxed.energy < 1e-5 * stiffness).all() and not relaxed.converged.any()
    moves = np.linalg.norm(np.diff(seen[:3], axis=0), axis=-1)
    assert moves.max() < 2 * LARGEST_STEP_A


def assert_same(found: BatchRelaxed, together: BatchRelaxed, rows: list[int]) -> None:
    """Equal results of some of the structures, to rounding."""
    chosen = together.rows(rows)
    np.testing.assert_allclose(found.positions, together.positions[chosen], rtol=1e-10, atol=1e-9)
    for name in ("cell", "energy", "largest_force", "converged", "steps"):
        expected = getattr(together, name)[rows]
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-10, atol=1e-9)


def test_a_cell_does_not_depend_on_the_others(eam: Evaluate, ensemble: Ensemble) -> None:
    # from nearly relaxed to disordered, so that they leave one by one
    parts = [perturbed(1, noise, 0.01, seed=15) for noise in (0.001, 0.05, 0.1, 0.25)]
    positions, cell = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    together = minimise(eam, nickel_of(positions, cell), fmax=0.01, steps=100, relax_cell=True)
    assert len(set(together.steps.tolist())) > 2
    for k in range(4):
        one = nickel_of(positions[k : k + 1], cell[k : k + 1])
        alone = minimise(eam, one, fmax=0.01, steps=100, relax_cell=True)
        assert_same(alone, together, [k])
    options = {"fmax": 0.01, "steps": 100}
    together = relax_batch(ensemble, cells_of(positions[:3], cell[:3]), **options)
    alone = relax_batch(ensemble, cells_of(positions[1:2], cell[1:2]), **options)
    assert alone.steps[0] == together.steps[1]
    np.testing.assert_allclose(alone.positions, together.dense(together.positions)[1], atol=1e-8)


def test_running_out_of_steps_is_reported(eam: Evaluate) -> None:
    positions, cell = perturbed(3, 0.1, 0.0, seed=16)
    relaxed = minimise(eam, nickel_of(positions, cell), fmax=1e-3, steps=2)
    assert not relaxed.converged.any()
    assert (relaxed.steps == 2).all()
    assert (relaxed.energy < eam(nickel_of(positions, cell))[0]).all()
    unmoved = minimise(eam, nickel_of(positions, cell), fmax=1e-3, steps=0)
    np.testing.assert_array_equal(unmoved.dense(unmoved.positions), positions)
    assert (unmoved.steps == 0).all() and not unmoved.converged.any()


@pytest.mark.parametrize("breaks_at", [np.inf, 1.3])
@pytest.mark.parametrize("pressure", [0.3, -0.3])
def test_a_cell_that_runs_away_is_reported(
    eam: Evaluate, pressure: float, breaks_at: float
) -> None:
    """One of three is a fluid under tension; it ends at the edge, and the others do not notice."""
    positions, cell = perturbed(3, 0.05, 0.01, seed=17)
    # marked by its handedness, which no step changes
    cell[1, 0] *= -1
    first = abs(np.linalg.det(cell[1]))

    def evaluate(structures: Structures) -> tuple[Floats, Floats, Floats]:
        energy, forces, stress = eam(structures)
        fluid = np.linalg.det(structures.cell) < 0
        volume = structures.volume[fluid]
        bad = np.where(np.abs(np.log(volume / first)) > np.log(breaks_at), np.nan, 1.0)
        energy[fluid] = -pressure * volume * bad
        structures.dense(forces)[fluid] = 0.0
        stress[fluid] = -pressure * np.eye(3)
        return energy, forces, stress

    options = {"fmax": 0.01, "steps": 200, "relax_cell": True}
    relaxed = minimise(evaluate, nickel_of(positions, cell), **options)
    np.testing.assert_array_equal(relaxed.converged, [True, False, True])
    ratio = abs(np.linalg.det(relaxed.cell[1])) / first
    assert 0.4 < ratio < 2.5 and np.isfinite(relaxed.energy[1])
    assert abs(np.log(ratio)) > (0.5 if np.isinf(breaks_at) else 0.15)
    assert relaxed.steps[1] < 200
    others = minimise(eam, nickel_of(positions[[0, 2]], cell[[0, 2]]), **options)
    assert_same(others, relaxed, [0, 2])


def test_atoms_on_top_of_each_other_disturb_no_other_cell(ensemble: Ensemble) -> None:
    positions, cell = perturbed(3, 0.05, 0.0, seed=18)
    positions[1, 4] = positions[1, 7]
    relaxed = relax_batch(ensemble, cells_of(positions, cell), fmax=0.01, steps=50)
    np.testing.assert_array_equal(relaxed.converged, [True, False, True])
    np.testing.assert_array_equal(relaxed.dense(relaxed.positions)[1], positions[1])
    assert np.isnan(relaxed.energy[1]) and np.isfinite(relaxed.energy[[0, 2]]).all()


def test_model_hessians_are_positive() -> None:
    for noise in (0.0, 0.4):
        structures = nickel_of(*perturbed(3, noise, 0.05, seed=19))
        inverse = inverse_hessians(structures, periodic_planes(structures))
        assert inverse.shape == (3, 105, 105)
        np.testing.assert_allclose(inverse, inverse.transpose(0, 2, 1), atol=1e-9)
        assert np.linalg.eigvalsh(inverse).min() > 1e-5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, c: (x[:0], c[:0]), "the list is empty; give at least one"),
        (lambda x, c: (x[:, :0], c), "it has no atoms"),
        (lambda x, c: (np.where(x == x[1, 3], np.nan, x), c), "cell 1: .*atom 3 is not finite"),
        (lambda x, c: (x, np.where(c == c[1], np.inf, c)), "its cell is not finite"),
        (lambda x, c: (x, c * np.array([1.0, 0.0])[:, None, None]), "cell 1: .*no volume"),
    ],
)
def test_what_are_no_cells_is_an_error(
    eam: Evaluate, change: Callable[[Floats, Floats], tuple[Floats, Floats]], message: str
) -> None:
    positions, cell = change(*perturbed(2, 0.05, 0.0, seed=20))
    with pytest.raises(PotstillError, match=message):
        minimise(eam, nickel_of(positions, cell), fmax=0.01, steps=5)


def _spoilt(atoms: ase.Atoms, **changes: object) -> ase.Atoms:
    for name, value in changes.items():
        setattr(atoms, name, value)
    return atoms


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: [], "the list is empty"),
        (lambda a: a[0], "give a list of ASE's Atoms"),
        (lambda a: [atoms.positions for atoms in a], "give a list of ASE's Atoms"),
        (lambda a: [a[0][:0]], "cell 0: it has no atoms|cell: it has no atoms"),
        (
            lambda a: [a[0], _spoilt(a[1], symbols="Al32")],
            "cell 1: atom 0 is Al, and this model is for Ni",
        ),
        (lambda a: [a[0], _spoilt(a[1], positions=a[1].positions * np.inf)], "cell 1: .*not fini"),
    ],
)
def test_atoms_that_cannot_be_relaxed_are_named(
    ensemble: Ensemble,
    change: Callable[[list[ase.Atoms]], list[ase.Atoms]],
    message: str,
) -> None:
    cells = cells_of(*perturbed(2, 0.05, 0.0, seed=21))
    with pytest.raises(PotstillError, match=message):
        relax_batch(ensemble, change(cells), fmax=0.01, steps=5)


def test_benchmark_times_both(ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")  # of what the benchmarks share
    spec = importlib.util.spec_from_file_location("timing", ROOT / "benchmarks/relaxation.py")
    assert spec is not None and spec.loader is not None
    timing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(timing)
    made = nickel_of(*perturbed(3, 0.05, 0.0, seed=22))
    found = timing.time_relaxation(ensemble, made, 0.05, peers=2)
    assert found["potstill_seconds"] > 0 and set(found["ase_seconds"]) == {"BFGS", "LBFGS", "FIRE"}
    fastest = found["ase_seconds"][found["fastest_of_ase"]]
    assert fastest == min(found["ase_seconds"].values())
    assert found["potstill_converged"] == 1
    assert found["minima"]["same_minimum"] == 2 and found["minima"]["positions_A"] < 1e-4
