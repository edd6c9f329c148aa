"""The torch engine goes the way of the compiled one: what tests prove of that holds of this, too.

On the processor; on a GPU only where these tests find one.
"""

import subprocess
import sys

import numpy as np
import pytest
import torch

from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.sampling import engine, torch_engine
from potstill.sampling.bias import Mesh, evaluate_bias
from potstill.sampling.engine import Walkers
from potstill.sampling.order import order_and_gradient, order_vectors
from potstill.sampling.randoms import fill_normals, uniform
from potstill.sampling.sample import engine_for
from potstill.sampling.torch_eam import Neighbours, TorchTables, build_neighbours, energy_forces
from potstill.sampling.torch_terms import evaluate_bias as torch_bias
from potstill.sampling.torch_terms import normals, uniforms
from potstill.sampling.torch_terms import order_and_gradient as torch_order
from potstill.sampling.walkers import crystal_walkers, make_physics, unbiased

ATOMS = 32
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def waves_bias(atoms):
    """A bias whose slopes move the walkers, tails within reach of them."""
    mesh = Mesh(-4.72 * atoms, -4.40 * atoms, float(atoms), 0.6, -0.44)
    h, o = np.meshgrid(np.linspace(-3, 3, 40), np.linspace(-2, 2, 50), indexing="ij")
    return 3.0 * np.sin(h) * np.cos(2 * o), mesh


def copies(walkers):
    return Walkers(*(array.copy() for array in walkers))


def start(settings, system):
    return make_physics(settings, system), crystal_walkers(settings, system, 1, "test")


def melted(settings, system):
    """Disordered walkers at a liquid's density: a crystal driven hot for a picosecond."""
    physics, walkers = start(settings, system)
    hot = physics._replace(kT=3 * physics.kT), system.potential.dynamics_tables
    engine.advance(walkers, *hot, *unbiased(system.atoms), first=0, steps=500, interval=500)
    return physics, walkers


def by_torch(walkers, physics, system, bias, **steps):
    """Advance the walkers with the torch engine; return the points."""
    run = physics, system.potential.dynamics_tables, *bias
    return torch_engine.advance(walkers, *run, **steps, device=DEVICE)


def assert_same_path(walkers, physics, system, bias, **steps):
    """Advance copies of the walkers with both engines, and compare; return the compiled ones'."""
    compiled, batched = copies(walkers), copies(walkers)
    run = physics, system.potential.dynamics_tables, *bias
    points = engine.advance(compiled, *run, **steps)
    assert by_torch(batched, physics, system, bias, **steps) == pytest.approx(points, abs=1e-8)
    assert batched.length == pytest.approx(compiled.length, abs=1e-9)
    apart = (batched.x - compiled.x)[..., :3] / compiled.length[:, None, None]
    assert abs(apart - np.round(apart)).max() < 1e-9
    assert np.array_equal(batched.x[..., 3], compiled.x[..., 3])
    assert batched.v == pytest.approx(compiled.v, abs=1e-8)
    assert np.array_equal(batched.moves, compiled.moves)
    assert batched.kinetic == pytest.approx(compiled.kinetic, abs=1e-8)
    return compiled, points


def assert_labels(walkers, potential, reach, tolerance):
    """Compare energy and forces with the labels, of whose tables both are made; return forces."""
    x = torch.tensor(walkers.x[:, :, :3].transpose(2, 0, 1), device=DEVICE).contiguous()
    length = torch.tensor(walkers.length, device=DEVICE)
    tables = TorchTables.of(potential.tables[0], torch.device(DEVICE))
    energy, forces = energy_forces(x, length, build_neighbours(x, length, reach), tables)
    cells = walkers.length[:, None, None] * np.eye(3)
    cubes = Structures.uniform(potential.symbol, walkers.x[:, :, :3], cells)
    labels = potential.evaluate(cubes)
    assert energy.cpu().numpy() == pytest.approx(labels.energy, rel=1e-12, abs=1e-10)
    assert forces.permute(1, 2, 0).cpu().numpy() == pytest.approx(
        cubes.dense(labels.forces), **tolerance
    )
    return cubes.dense(labels.forces)


@pytest.mark.parametrize("key", [0, 987654321, 2**63 + 12345, 2**64 - 1])
def test_uniforms_are_bit_by_bit_those_of_the_compiled_engine(key):
    counters = np.concatenate([np.arange(2000), 10**12 + np.arange(2000)])
    expected = [uniform(np.uint64(key), np.uint64(n)) for n in counters]
    signed = torch.tensor(np.array([key], dtype=np.uint64).view(np.int64), device=DEVICE)
    drawn = uniforms(signed, torch.tensor(counters, device=DEVICE))
    assert np.array_equal(drawn.cpu().numpy(), expected)


def test_normals_are_those_of_the_compiled_engine():
    keys = np.array([5, 2**63 + 5], dtype=np.uint64)
    expected = np.zeros((2, 1000))
    for key, row in zip(keys, expected, strict=True):
        fill_normals(key, np.uint64(777), row)
    drawn = normals(torch.tensor(keys.view(np.int64), device=DEVICE), 777, 1000)
    assert drawn.cpu().numpy() == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("structure", ["fcc", "bcc"])
def test_order_parameter_and_gradient_are_those_of_the_compiled_engine(structure):
    x = np.zeros((3, 20, 4))
    x[..., :3] = np.random.default_rng(0).uniform(-3, 12, (3, 20, 3))
    length = np.array([7.0, 8.0, 9.5])
    vectors = order_vectors(structure)
    place, edges, waves = (
        torch.tensor(array, device=DEVICE)
        for array in (x[..., :3].transpose(2, 0, 1), length, vectors)
    )
    orders, gradients = torch_order(place, edges, 2, waves)
    for w in range(3):
        gradient = np.zeros((20, 4))
        order = order_and_gradient(
            x[w], length[w], 2, vectors, np.zeros((20, 2 * len(vectors))), gradient
        )
        assert float(orders[w]) == pytest.approx(order, abs=1e-12)
        assert gradients[:, w].T.cpu().numpy() == pytest.approx(gradient[:, :3], abs=1e-12)


def test_the_bias_is_that_of_the_compiled_engine_on_the_mesh_and_beyond():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(12, 14))
    mesh = Mesh(-150.0, -130.0, 32.0, 0.6, -0.44)
    h = np.append(rng.uniform(-160, -120, 2000), [-150.0, -130.0])
    o = np.append(rng.uniform(0, 35, 2000), [0.0, 32.0])
    moved, at_h, at_o = (torch.tensor(array, device=DEVICE) for array in (table, h, o))
    found = torch.stack(torch_bias(moved, mesh, at_h, at_o), dim=-1).cpu().numpy()
    expected = [evaluate_bias(table, mesh, *point) for point in zip(h, o, strict=True)]
    assert found == pytest.approx(np.array(expected), abs=1e-11)


@pytest.mark.parametrize("atoms", [32, 108])
@pytest.mark.parametrize("state", ["solid", "liquid"])
def test_energy_and_forces_are_those_of_the_potential(system, npt, state, atoms):
    system = system._replace(atoms=atoms)
    if state == "solid":
        physics, walkers = start(npt(), system)
        run = physics, system.potential.dynamics_tables, *unbiased(atoms)
        engine.advance(walkers, *run, first=0, steps=50, interval=50)
    else:
        physics, walkers = melted(npt(), system)
    # a reach beyond the cut-off, for rows that are padded; and the walkers differ in volume
    forces = assert_labels(walkers, system.potential, physics.cutoff + 0.7, {"abs": 1e-10})
    assert abs(forces).max() > 1.0


def test_atoms_closer_than_the_table_starts_are_pushed_apart(system, npt):
    """The wall: linear in r^2 below 1.2 A, and embedding beyond its last density."""
    _, walkers = start(npt(), system)
    walkers.x[0, 1, :3] = walkers.x[0, 0, :3] + [0.5, 0.1, 0.0]
    walkers.x[1, :, :3] = np.random.default_rng(0).uniform(0, 0.8, (ATOMS, 3))
    reach = system.potential.cutoff_A
    assert_labels(walkers, system.potential, reach, {"rel": 1e-9, "abs": 1e-8})


@pytest.mark.parametrize("biased", [False, True])
def test_both_engines_walk_the_same_path(system, npt, biased):
    physics, walkers = start(npt().model_copy(update={"walkers": 3}), system)
    physics = physics._replace(volume_interval=3)
    bias = waves_bias(ATOMS) if biased else unbiased(ATOMS)
    moved, points = assert_same_path(walkers, physics, system, bias, first=0, steps=60, interval=5)
    accepted = moved.moves[:, 1]
    assert accepted.min() > 0 and accepted.max() < 20  # moves of both kinds were made
    assert (np.ptp(points[..., 3]) > 0.5) == biased


def test_both_engines_walk_the_same_path_when_molten(system, npt):
    """Several rebuilt lists, and atoms that leave the cell; from a step that is not the first."""
    system = system._replace(atoms=108)
    physics, walkers = melted(npt(temperature_K=3000.0), system)
    assert_same_path(walkers, physics, system, unbiased(108), first=500, steps=50, interval=5)


def test_a_segment_can_be_cut_in_two(system, npt):
    physics, walkers = start(npt(), system)
    run, steps = (physics, system, waves_bias(ATOMS)), {"interval": 10}
    whole, halves = copies(walkers), copies(walkers)
    points = by_torch(whole, *run, first=0, steps=40, **steps)
    parts = [by_torch(halves, *run, first=first, steps=20, **steps) for first in (0, 20)]
    assert np.concatenate(parts, axis=1) == pytest.approx(points, abs=1e-9)
    assert np.array_equal(whole.moves, halves.moves)
    assert halves.kinetic == pytest.approx(whole.kinetic)


def test_the_same_run_gives_the_same_bytes(system, npt):
    physics, walkers = start(npt(), system)
    results = []
    for _ in range(2):
        own = copies(walkers)
        points = by_torch(own, physics, system, waves_bias(ATOMS), first=0, steps=20, interval=10)
        results.append((points.tobytes(), *(array.tobytes() for array in own)))
    assert results[0] == results[1]


def test_nothing_of_a_step_is_left_on_the_processor(system, npt, monkeypatch):
    """Shapes and places of all arrays on torch's device without data, short of building lists."""

    def no_lists(motion):
        partner = torch.zeros((2, ATOMS, 9), dtype=torch.int64, device="meta")
        image = torch.zeros((3, 2, ATOMS, 9), dtype=torch.float64, device="meta")
        return Neighbours(partner, image, motion.x, motion.length)

    monkeypatch.setattr(torch_engine._Motion, "build", no_lists)
    monkeypatch.setattr(torch_engine._Motion, "cover", lambda *_: True)
    physics, walkers = start(npt(), system)
    run = physics, system.potential.dynamics_tables, *waves_bias(ATOMS)
    motion = torch_engine._Motion(walkers, *run, torch.device("meta"))
    temperature = motion.move(1)
    motion.change_volume(1)
    state = {k: v for k, v in vars(motion).items() if isinstance(v, torch.Tensor)}
    assert {"x", "v", "length", "force", "gradient", "kinetic", "accepted"} <= set(state)
    for array in (temperature, *motion.bias, *state.values()):
        assert array.device.type == "meta"
        assert array.dtype in (torch.float64, torch.int64)
    for name in ("x", "v", "force", "gradient"):
        assert state[name].shape == (3, 2, ATOMS)


@pytest.mark.parametrize("what", ["position", "images", "neighbours"])
def test_a_walker_that_runs_away_is_named(system, npt, what):
    physics, walkers = start(npt(), system)
    if what == "position":  # none is finite after the first step, of any walker
        physics = physics._replace(kT=np.inf)
    else:
        walkers.length[1] = {"images": 1.5, "neighbours": 3.0}[what]
    message = rf"walker {int(what != 'position')} ran away between steps 0 and 10.*timestep"
    with pytest.raises(PotstillError, match=message):
        by_torch(walkers, physics, system, unbiased(ATOMS), first=0, steps=10, interval=10)


def test_the_torch_engine_is_taken_for_cuda_alone(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert engine_for("cpu") is engine_for("auto") is engine.advance
    chosen = engine_for("cuda")
    assert chosen.func is torch_engine.advance and chosen.keywords == {"device": "cuda"}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(PotstillError, match=r"device: cuda .* no GPU; set device: cpu"):
        engine_for("cuda")


def test_torch_is_not_loaded_for_the_compiled_engine():
    code = (
        "import sys; from potstill.sampling.sample import engine_for; engine_for('cpu'); "
        "engine_for('auto'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
