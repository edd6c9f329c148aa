"""The engine: conservation, exact ensembles, independence of threads."""

import dataclasses
from functools import partial

import numpy as np
import pytest
from ase import units

from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential
from potstill.potentials.setfl import read_setfl
from potstill.runtime.compiled import use_threads
from potstill.sampling import torch_engine
from potstill.sampling.bias import Mesh, evaluate_bias
from potstill.sampling.engine import advance
from potstill.sampling.walkers import System, crystal_walkers, make_physics, unbiased

ATOMS = 32


def start(potential, settings, element, seed=1):
    system = System(element, ATOMS, potential)
    return make_physics(settings, system), crystal_walkers(settings, system, seed, "test")


def run(walkers, physics, potential, bias, steps, interval=10, first=0):
    tables = potential.dynamics_tables
    return advance(walkers, physics, tables, *bias, first=first, steps=steps, interval=interval)


def mean_and_error(values, blocks=20):
    means = values.reshape(-1, blocks, values.shape[1] // blocks).mean(axis=2).ravel()
    return means.mean(), means.std(ddof=1) / np.sqrt(len(means))


def test_a_biased_run_without_friction_conserves_its_energy(nickel, element, npt):
    """K + U + dH(U + PV, O) at constant volume: the forces are the gradient of the bias, too."""
    settings = npt(timestep_fs=0.125, walkers=12, equilibration_steps=1200, production_steps=12_000,
                   frames=12)  # fmt: skip
    physics, walkers = start(nickel, settings, element)
    physics = physics._replace(damping=1.0, volume_interval=10**9)
    mesh = Mesh(-4.80 * ATOMS, -4.40 * ATOMS, float(ATOMS), 0.6, -0.44)
    h, o = np.meshgrid(np.linspace(-3, 3, 40), np.linspace(-2, 2, 50), indexing="ij")
    bias = 3.0 * np.sin(h) * np.cos(2 * o), mesh
    points = run(walkers, physics, nickel, bias, 16_000)
    kinetic = 1.5 * ATOMS * physics.kT * points[..., 2]
    total = points[..., 0] + points[..., 3] + kinetic
    assert np.ptp(points[..., 3]) > 0.5  # the bias really moved
    # the bias has jumps of curvature: 7e-3 at 0.5 fs, 4e-3 at 0.25, 2e-3 here
    assert np.ptp(total[:, 10:], axis=1).max() < 3e-3
    drift = abs(total[:, -200:].mean(axis=1) - total[:, 10:210].mean(axis=1))
    assert drift.mean() < 1e-3


def test_the_recorded_bias_is_that_of_the_table(nickel, element, npt):
    physics, walkers = start(nickel, npt(), element)
    table = np.random.default_rng(0).normal(0, 0.05, (12, 14)).cumsum(axis=1)
    mesh = Mesh(-4.75 * ATOMS, -4.5 * ATOMS, float(ATOMS), 0.6, -0.44)
    points = run(walkers, physics, nickel, (table, mesh), 200)
    for h, o, _, bias in points.reshape(-1, 4):
        assert bias == pytest.approx(evaluate_bias(table, mesh, h, o)[0], abs=1e-12)


def test_an_ideal_gas_has_the_exact_volume_distribution(tables, element, npt):
    """Without interactions p(V) ~ V^N exp(-P V / kT): mean (N+1) kT/P, variance (N+1) (kT/P)^2."""
    table = read_setfl(tables["Ni-Nb"])
    nothing = dataclasses.replace(
        table,
        embedding=np.zeros_like(table.embedding),
        density=np.zeros_like(table.density),
        pair=np.zeros_like(table.pair),
    )
    gas = EamPotential(nothing, "Ni")
    settings = npt(walkers=4, volume_interval=1, volume_step=0.19)
    physics, walkers = start(gas, settings, element)
    volume = walkers.length[0] ** 3
    pressure = (ATOMS + 1) * physics.kT / volume
    physics = physics._replace(pressure=pressure)
    run(walkers, physics, gas, unbiased(ATOMS), 2000)
    points = run(walkers, physics, gas, unbiased(ATOMS), 20_000, first=2000)
    volumes = points[..., 0] / pressure  # H = P V
    mean, error = mean_and_error(volumes)
    assert error < 0.02 * volume
    assert mean == pytest.approx(volume, abs=4 * error)
    variance, error = mean_and_error((volumes - volume) ** 2)
    assert variance == pytest.approx((ATOMS + 1) * (physics.kT / pressure) ** 2, abs=4 * error)
    temperature, error = mean_and_error(points[..., 2])
    assert temperature == pytest.approx(1.0, abs=4 * error)


def test_a_linear_bias_samples_another_temperature_exactly(nickel, element, npt):
    """With d(dH)/dH = T0/T - 1 everywhere the weight is the isobaric one at T: forces, volume."""
    plain_settings = npt(temperature_K=1300.0, walkers=4)
    tilted_settings = npt(temperature_K=2000.0, walkers=4)
    far = Mesh(-1000.0, -999.0, float(ATOMS), 0.0, 2000.0 / 1300.0 - 1.0)
    results = []
    for settings, bias in (
        (plain_settings, unbiased(ATOMS)),
        (tilted_settings, (np.zeros((4, 4)), far)),
    ):
        physics, walkers = start(nickel, settings, element)
        run(walkers, physics, nickel, bias, 4000)
        results.append(run(walkers, physics, nickel, bias, 20_000, first=4000))
    for column in (0, 1):  # enthalpy, order parameter
        means = [mean_and_error(points[..., column]) for points in results]
        assert means[0][1] < 0.01 * abs(means[0][0])
        difference = abs(means[0][0] - means[1][0])
        assert difference < 4 * np.hypot(means[0][1], means[1][1])
    # the measured plain averages of the same potential at 1300 K: H/N -4.6955(15) eV, O 27.41(5)
    assert results[0][..., 0].mean() / ATOMS == pytest.approx(-4.6955, abs=0.006)
    assert results[0][..., 1].mean() == pytest.approx(27.41, abs=0.4)


def test_threads_do_not_change_the_bytes(nickel, element, momt):
    results = []
    for threads in (1, 2):
        use_threads(threads)
        physics, walkers = start(nickel, momt(), element)
        points = run(walkers, physics, nickel, unbiased(ATOMS), 300)
        results.append((points.tobytes(), walkers.x.tobytes(), walkers.length.tobytes()))
    assert results[0] == results[1]


def test_walkers_differ_and_the_volume_is_kept(nickel, element, npt):
    physics, walkers = start(nickel, npt(), element)
    before = walkers.length.copy()
    points = run(walkers, physics, nickel, unbiased(ATOMS), 200)
    assert not np.any(walkers.length == before)
    assert walkers.length[0] != walkers.length[1]
    cells = walkers.length[:, None, None] * np.eye(3)
    energy = nickel.evaluate(Structures.uniform("Ni", walkers.x[:, :, :3], cells)).energy
    pv = units.bar * walkers.length**3
    assert points[:, -1, 0] == pytest.approx(energy + pv, abs=1e-5)


def test_a_walker_that_runs_away_is_named(nickel, element, npt):
    physics, walkers = start(nickel, npt(), element)
    walkers.length[1] = 1.0
    with pytest.raises(PotstillError, match=r"walker 1 ran away.*timestep_fs"):
        run(walkers, physics, nickel, unbiased(ATOMS), 100)


def spoil_position(walkers):
    walkers.x[1, 7, 2] = np.nan


def spoil_velocity(walkers):
    walkers.v[1, 7, 0] = np.inf


def spoil_length(walkers):
    walkers.length[1] = np.nan


def lose_length(walkers):
    walkers.length[1] = 0.0


def put_together(walkers):
    walkers.x[1, 9, :3] = walkers.x[1, 7, :3] + [0.0, walkers.length[1], -walkers.length[1]]


@pytest.mark.parametrize("device", ["compiled", "torch"])
@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (spoil_position, "walker 1: the position of atom 7 is not finite"),
        (spoil_velocity, "walker 1: the velocity of atom 7 is not finite"),
        (spoil_length, "walker 1: its cell is not finite"),
        (lose_length, "walker 1: its cell has no volume"),
        (put_together, "walker 1: atoms 7 and 9 are on one spot"),
    ],
)
def test_walkers_that_cannot_start_are_named(nickel, element, npt, spoil, complaint, device):
    """Never moved on with: an atom at NaN has no neighbours, two on one spot no force."""
    physics, walkers = start(nickel, npt(), element)
    spoil(walkers)
    move = advance if device == "compiled" else partial(torch_engine.advance, device="cpu")
    tables = nickel.dynamics_tables
    with pytest.raises(PotstillError, match=complaint):
        move(walkers, physics, tables, *unbiased(ATOMS), first=0, steps=10, interval=10)
