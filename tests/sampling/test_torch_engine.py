"""The torch engine, on the processor and, where there is one, on a GPU: equal to the compiled one.

What the compiled engine's own tests prove of it then holds of this one.
"""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch

from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential
from potstill.potentials.setfl import read_setfl
from potstill.sampling import engine, torch_engine
from potstill.sampling.bias import Mesh, evaluate_bias
from potstill.sampling.device import GPU_WALKERS, engine_for, sampling_device
from potstill.sampling.engine import Walkers
from potstill.sampling.order import order_and_gradient, order_vectors
from potstill.sampling.randoms import fill_normals, uniform
from potstill.sampling.torch_eam import (
    Neighbours,
    TorchTables,
    build_neighbours,
    energy_forces,
    image_range,
)
from potstill.sampling.torch_terms import evaluate_bias as torch_bias
from potstill.sampling.torch_terms import normals, uniforms
from potstill.sampling.torch_terms import order_and_gradient as torch_order
from potstill.sampling.walkers import crystal_walkers, make_physics, unbiased

ATOMS = 32
NO_GPU = "no CUDA device here, so the torch engine was run on the processor only"
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_GPU)
DEVICES = ["cpu", pytest.param("cuda", marks=on_gpu)]


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


def waves_bias(atoms):
    """A bias whose slopes move the walkers, tails within reach of them."""
    mesh = Mesh(-4.72 * atoms, -4.40 * atoms, float(atoms), 0.6, -0.44)
    h, o = np.meshgrid(np.linspace(-3, 3, 40), np.linspace(-2, 2, 50), indexing="ij")
    return 3.0 * np.sin(h) * np.cos(2 * o), mesh


def copies(walkers):
    return Walkers(*(array.copy() for array in walkers))


def start(potential, settings, element, atoms=ATOMS):
    physics = make_physics(settings, element, atoms, potential)
    return physics, crystal_walkers(settings, element, atoms, potential, 1, "test")


def both(walkers, physics, potential, bias, device, *, first=0, steps=60, interval=5):
    """Advance copies of the walkers with both engines; return ((walkers, points), the same)."""
    results = []
    for advance, more in ((engine.advance, {}), (torch_engine.advance, {"device": device})):
        own = copies(walkers)
        points = advance(
            own,
            physics,
            potential.dynamics_tables,
            *bias,
            first=first,
            steps=steps,
            interval=interval,
            **more,
        )
        results.append((own, points))
    return results


def assert_same(results):
    (compiled, points), (batched, others) = results
    assert others == pytest.approx(points, abs=1e-8)
    assert batched.length == pytest.approx(compiled.length, abs=1e-9)
    apart = (batched.x - compiled.x)[..., :3] / compiled.length[:, None, None]
    assert abs(apart - np.round(apart)).max() < 1e-9
    assert np.array_equal(batched.x[..., 3], compiled.x[..., 3])
    assert batched.v == pytest.approx(compiled.v, abs=1e-8)
    assert np.array_equal(batched.moves, compiled.moves)
    assert batched.kinetic == pytest.approx(compiled.kinetic, abs=1e-8)


def melted(potential, settings, element, atoms):
    """Disordered walkers at a liquid's density: a crystal driven hot for a picosecond."""
    physics, walkers = start(potential, settings, element, atoms)
    hot = physics._replace(kT=3 * physics.kT)
    tables = potential.dynamics_tables
    engine.advance(walkers, hot, tables, *unbiased(atoms), first=0, steps=500, interval=500)
    return physics, walkers


def geometries(walkers, device):
    x = torch.tensor(walkers.x[:, :, :3].transpose(2, 0, 1), device=device).contiguous()
    return x, torch.tensor(walkers.length, device=device)


@pytest.mark.parametrize("key", [0, 987654321, 2**63 + 12345, 2**64 - 1])
def test_uniforms_are_bit_by_bit_those_of_the_compiled_engine(key, device):
    counters = np.concatenate([np.arange(2000), 10**12 + np.arange(2000)])
    expected = [uniform(np.uint64(key), np.uint64(n)) for n in counters]
    signed = torch.tensor(np.array([key], dtype=np.uint64).view(np.int64), device=device)
    drawn = uniforms(signed, torch.tensor(counters, device=device))
    assert np.array_equal(drawn.cpu().numpy(), expected)


def test_normals_are_those_of_the_compiled_engine(device):
    keys = np.array([5, 2**63 + 5], dtype=np.uint64)
    expected = np.zeros((2, 1000))
    for key, row in zip(keys, expected, strict=True):
        fill_normals(key, np.uint64(777), row)
    drawn = normals(torch.tensor(keys.view(np.int64), device=device), 777, 1000)
    assert drawn.cpu().numpy() == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("structure", ["fcc", "bcc"])
def test_order_parameter_and_gradient_are_those_of_the_compiled_engine(structure, device):
    x = np.zeros((3, 20, 4))
    x[..., :3] = np.random.default_rng(0).uniform(-3, 12, (3, 20, 3))
    length = np.array([7.0, 8.0, 9.5])
    vectors = order_vectors(structure)
    place = torch.tensor(x[..., :3].transpose(2, 0, 1), device=device)
    edges = torch.tensor(length, device=device)
    orders, gradients = torch_order(place, edges, 2, torch.tensor(vectors, device=device))
    for w in range(3):
        gradient = np.zeros((20, 4))
        order = order_and_gradient(
            x[w], length[w], 2, vectors, np.zeros((20, 2 * len(vectors))), gradient
        )
        assert float(orders[w]) == pytest.approx(order, abs=1e-12)
        assert gradients[:, w].T.cpu().numpy() == pytest.approx(gradient[:, :3], abs=1e-12)


def test_the_bias_is_that_of_the_compiled_engine_on_the_mesh_and_beyond(device):
    rng = np.random.default_rng(0)
    table = rng.normal(size=(12, 14))
    mesh = Mesh(-150.0, -130.0, 32.0, 0.6, -0.44)
    h = np.append(rng.uniform(-160, -120, 2000), [-150.0, -130.0])
    o = np.append(rng.uniform(0, 35, 2000), [0.0, 32.0])
    place = (torch.tensor(array, device=device) for array in (table, h, o))
    on_device, at_h, at_o = place
    found = torch.stack(torch_bias(on_device, mesh, at_h, at_o), dim=-1).cpu().numpy()
    expected = [evaluate_bias(table, mesh, *point) for point in zip(h, o, strict=True)]
    assert found == pytest.approx(np.array(expected), abs=1e-11)


@pytest.mark.parametrize("atoms", [32, 108])
@pytest.mark.parametrize("state", ["solid", "liquid"])
def test_energy_and_forces_are_those_of_the_potential(nickel, element, npt, state, atoms, device):
    """The label tables on both sides, so that the two agree to rounding."""
    physics, walkers = melted(nickel, npt(), element, atoms)
    if state == "solid":
        physics, walkers = start(nickel, npt(), element, atoms)
        tables = nickel.dynamics_tables
        engine.advance(walkers, physics, tables, *unbiased(atoms), first=0, steps=50, interval=50)
    x, length = geometries(walkers, device)
    # rows that are padded, and walkers that differ in volume
    images = image_range(walkers.length.min(), physics.cutoff + 0.7)
    lists = build_neighbours(x, length, physics.cutoff + 0.7, images)
    tables = TorchTables.of(nickel.tables, torch.device(device))
    energy, forces = energy_forces(x, length, lists, tables)
    labels = nickel.evaluate(walkers.x[:, :, :3], walkers.length[:, None, None] * np.eye(3))
    assert energy.cpu().numpy() == pytest.approx(labels.energy, abs=1e-10)
    assert forces.permute(1, 2, 0).cpu().numpy() == pytest.approx(labels.forces, abs=1e-10)
    assert abs(labels.forces).max() > 1.0


def test_atoms_closer_than_the_table_starts_are_pushed_apart(nickel, element, npt, device):
    """The wall: linear in r^2 below 1.2 A, and embedding beyond its last density."""
    _, walkers = start(nickel, npt(), element)
    walkers.x[0, 1, :3] = walkers.x[0, 0, :3] + [0.5, 0.1, 0.0]
    walkers.x[1, :, :3] = np.random.default_rng(0).uniform(0, 0.8, (ATOMS, 3))
    x, length = geometries(walkers, device)
    lists = build_neighbours(x, length, nickel.cutoff_A, image_range(length.min(), nickel.cutoff_A))
    tables = TorchTables.of(nickel.tables, torch.device(device))
    energy, forces = energy_forces(x, length, lists, tables)
    labels = nickel.evaluate(walkers.x[:, :, :3], walkers.length[:, None, None] * np.eye(3))
    assert energy.cpu().numpy() == pytest.approx(labels.energy, rel=1e-12)
    found = forces.permute(1, 2, 0).cpu().numpy()
    assert found == pytest.approx(labels.forces, rel=1e-9, abs=1e-8)


def test_a_list_built_in_blocks_is_the_same(nickel, element, npt, monkeypatch):
    physics, walkers = melted(nickel, npt().model_copy(update={"walkers": 5}), element, ATOMS)
    x, length = geometries(walkers, "cpu")
    whole = build_neighbours(x, length, physics.cutoff, 1)
    monkeypatch.setattr("potstill.sampling.torch_eam.BLOCK", 2 * 27 * ATOMS**2)
    for part, array in zip(build_neighbours(x, length, physics.cutoff, 1), whole, strict=True):
        assert torch.equal(part, array)


@pytest.mark.parametrize("biased", [False, True])
def test_both_engines_walk_the_same_path(nickel, element, npt, biased, device):
    physics, walkers = start(nickel, npt().model_copy(update={"walkers": 3}), element)
    physics = physics._replace(volume_interval=3)
    bias = waves_bias(ATOMS) if biased else unbiased(ATOMS)
    results = both(walkers, physics, nickel, bias, device)
    assert_same(results)
    accepted = results[0][0].moves[:, 1]
    assert accepted.min() > 0 and accepted.max() < 20  # moves of both kinds were made
    assert (np.ptp(results[0][1][..., 3]) > 0.5) == biased


def test_both_engines_walk_the_same_path_when_molten(nickel, element, npt, device):
    """Several rebuilt lists, and atoms that leave the cell; from a step that is not the first."""
    physics, walkers = melted(nickel, npt(temperature_K=3000.0), element, 108)
    results = both(walkers, physics, nickel, unbiased(108), device, first=500, steps=50)
    assert_same(results)


def test_a_segment_can_be_cut_in_two(nickel, element, npt, device):
    physics, walkers = start(nickel, npt(), element)
    bias = waves_bias(ATOMS)
    tables = nickel.dynamics_tables
    whole, halves = copies(walkers), copies(walkers)
    points = torch_engine.advance(
        whole, physics, tables, *bias, first=0, steps=40, interval=10, device=device
    )
    parts = [
        torch_engine.advance(
            halves, physics, tables, *bias, first=first, steps=20, interval=10, device=device
        )
        for first in (0, 20)
    ]
    assert np.concatenate(parts, axis=1) == pytest.approx(points, abs=1e-9)
    assert np.array_equal(whole.moves, halves.moves)
    assert halves.kinetic == pytest.approx(whole.kinetic)


def test_a_biased_run_without_friction_conserves_its_energy(nickel, element, npt, device):
    """K + U + dH(U + PV, O) at constant volume."""
    physics, walkers = start(nickel, npt(timestep_fs=0.5), element)
    physics = physics._replace(damping=1.0, volume_interval=10**9)
    table, mesh = waves_bias(ATOMS)
    mesh = mesh._replace(h_low=-4.80 * ATOMS)
    points = torch_engine.advance(
        walkers,
        physics,
        nickel.dynamics_tables,
        table,
        mesh,
        first=0,
        steps=500,
        interval=5,
        device=device,
    )
    kinetic = 1.5 * ATOMS * physics.kT * points[..., 2]
    total = points[..., 0] + points[..., 3] + kinetic
    assert np.ptp(points[..., 3]) > 0.5  # the bias really moved
    assert np.ptp(total[:, 10:], axis=1).max() < 5e-3


def test_an_ideal_gas_has_the_exact_volume_distribution(tables, element, npt, device):
    """Without interactions p(V) ~ V^N exp(-P V / kT): mean (N+1) kT/P, variance (N+1) (kT/P)^2."""
    table = read_setfl(tables["Ni-Nb"])
    nothing = dataclasses.replace(
        table,
        embedding=np.zeros_like(table.embedding),
        density=np.zeros_like(table.density),
        pair=np.zeros_like(table.pair),
    )
    gas = EamPotential(nothing, "Ni")
    settings = npt(volume_interval=1, volume_step=0.19).model_copy(update={"walkers": 100})
    physics, walkers = start(gas, settings, element)
    volume = walkers.length[0] ** 3
    pressure = (ATOMS + 1) * physics.kT / volume
    physics = physics._replace(pressure=pressure, cutoff=0.5)
    points = torch_engine.advance(
        walkers,
        physics,
        gas.dynamics_tables,
        *unbiased(ATOMS),
        first=0,
        steps=400,
        interval=1,
        device=device,
    )
    volumes = points[:, 100:, 0] / pressure  # H = P V
    for values, exact in (
        (volumes, volume),
        ((volumes - volume) ** 2, (ATOMS + 1) * (physics.kT / pressure) ** 2),
        (points[:, 100:, 2], 1.0),
    ):
        of_walkers = values.mean(axis=1)
        error = of_walkers.std(ddof=1) / np.sqrt(len(of_walkers))
        assert error < 0.1 * exact
        assert of_walkers.mean() == pytest.approx(exact, abs=4 * error)


def test_the_same_run_gives_the_same_bytes(nickel, element, npt, device):
    physics, walkers = start(nickel, npt(), element)
    results = []
    for _ in range(2):
        own = copies(walkers)
        points = torch_engine.advance(
            own,
            physics,
            nickel.dynamics_tables,
            *waves_bias(ATOMS),
            first=0,
            steps=20,
            interval=10,
            device=device,
        )
        results.append((points.tobytes(), *(array.tobytes() for array in own)))
    assert results[0] == results[1]


def test_nothing_of_a_step_is_left_on_the_processor(nickel, element, npt, monkeypatch):
    """Shapes and places of all arrays on torch's device without data, short of building lists."""

    def no_lists(motion):
        partner = torch.zeros((2, ATOMS, 9), dtype=torch.int64, device="meta")
        image = torch.zeros((3, 2, ATOMS, 9), dtype=torch.float64, device="meta")
        lists = Neighbours(partner, image, partner[:, 0, 0])
        return torch_engine._Lists(lists, motion.x, motion.length)

    monkeypatch.setattr(torch_engine._Motion, "build", no_lists)
    monkeypatch.setattr(torch_engine._Motion, "cover", lambda *_: True)
    physics, walkers = start(nickel, npt(), element)
    tables = nickel.dynamics_tables
    motion = torch_engine._Motion(
        walkers, physics, tables, *waves_bias(ATOMS), torch.device("meta")
    )
    temperature = motion.move(1)
    motion.change_volume(1)
    state = {k: v for k, v in vars(motion).items() if isinstance(v, torch.Tensor)}
    assert {"x", "v", "length", "force", "gradient", "kinetic", "accepted"} <= set(state)
    for array in (temperature, *motion.bias, *state.values()):
        assert array.device.type == "meta"
        assert array.dtype in (torch.float64, torch.int64)
    for name in ("x", "v", "force", "gradient"):
        assert state[name].shape == (3, 2, ATOMS)


@pytest.mark.parametrize("what", ["position", "cell"])
def test_a_walker_that_runs_away_is_named(nickel, element, npt, what, device):
    physics, walkers = start(nickel, npt(), element)
    if what == "position":  # none is finite after the first step, of any walker
        physics = physics._replace(kT=np.inf)
    else:
        walkers.length[1] = 1.5
    with pytest.raises(PotstillError, match=r"walker . ran away between steps 0 and 10.*timestep"):
        torch_engine.advance(
            walkers,
            physics,
            nickel.dynamics_tables,
            *unbiased(ATOMS),
            first=0,
            steps=10,
            interval=10,
            device=device,
        )
    assert (walkers.length == -1.0).tolist() == [what == "position", True]


def test_too_many_walkers_for_the_memory_are_refused_with_a_cure(nickel, element, npt, monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(torch_engine, "energy_forces", full)
    physics, walkers = start(nickel, npt(), element)
    with pytest.raises(PotstillError, match=r"2 walkers do not fit .* lower walkers"):
        torch_engine.advance(
            walkers,
            physics,
            nickel.dynamics_tables,
            *unbiased(ATOMS),
            first=0,
            steps=10,
            interval=10,
            device="cpu",
        )


def test_the_engine_is_chosen_by_device_and_walkers(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert sampling_device("cpu", 10**4) == "cpu"
    assert sampling_device("auto", GPU_WALKERS - 1) == "cpu"
    assert sampling_device("auto", GPU_WALKERS) == "cuda"
    assert sampling_device("cuda", 1) == "cuda"
    chosen = engine_for("cuda", 1)
    assert chosen.func is torch_engine.advance and chosen.keywords == {"device": "cuda"}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert engine_for("auto", 10**4) is engine.advance
    with pytest.raises(PotstillError, match=r"device: cuda .* no GPU; set device: cpu"):
        engine_for("cuda", 10**4)


@on_gpu
def test_a_gpu_is_taken_by_itself():
    assert sampling_device("auto", GPU_WALKERS) == "cuda"


def test_torch_is_not_loaded_where_no_gpu_can_be_used():
    code = (
        "import sys; from potstill.sampling.device import engine_for; engine_for('cpu', 10**4); "
        "engine_for('auto', 4); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
