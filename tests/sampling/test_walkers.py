"""Random streams of runs: independent wherever runs differ, the same again otherwise."""

import numpy as np
import pytest

from potstill.potentials.eam import EamPotential
from potstill.sampling.sampler import Sampler
from potstill.sampling.walkers import System, crystal_walkers
from potstill.settings import Element

ALUMINIUM = Element(table="Al", structure="fcc", lattice_constant_A=4.04526)


def test_streams_are_named_by_all_that_tells_runs_apart(system, tables, npt):
    aluminium = EamPotential.from_file(tables["Al"], "Al")
    base = {"temperature_K": 1300.0}
    runs = [
        (npt(**base), system, 1, "a"),
        (npt(temperature_K=1350.0), system, 1, "a"),
        (npt(**base, pressure_bar=1000.0), system, 1, "a"),
        (npt(**base), System(ALUMINIUM, 32, aluminium), 1, "a"),
        (npt(**base), system._replace(atoms=108), 1, "a"),
        (npt(**base), system, 2, "a"),
        (npt(**base), system, 1, "b"),
    ]
    walkers = [crystal_walkers(*run) for run in runs]
    assert len(np.unique([w.key for w in walkers])) == sum(len(w.key) for w in walkers)
    # velocities at one scale: equal draws would stand out whatever the temperature and the mass
    speeds = [w.v[:, :32, :3].ravel() / w.v[:, :32, :3].std() for w in walkers]
    alike = np.corrcoef(speeds) - np.eye(len(runs))
    assert np.abs(alike).max() < 5 / np.sqrt(len(speeds[0]))
    again = crystal_walkers(*runs[0])
    assert np.array_equal(again.key, walkers[0].key) and np.array_equal(again.v, walkers[0].v)


def enthalpies(settings, system, name):
    """Return the enthalpies (W, T) of a short run."""
    sampler = Sampler(settings, system, 7, name)
    while sampler.step < sampler.total:
        sampler.segment()
    return sampler.points(production=True)[..., 0]


@pytest.mark.parametrize(("temperature_K", "name"), [(1350.0, "plain"), (1300.0, "other")])
def test_runs_of_one_seed_do_not_move_together(system, npt, temperature_K, name):
    """Streams named by the walker alone gave traces at 1300 and 1350 K correlated by 0.6 to 0.9."""
    steps = {"walkers": 4, "production_steps": 80_000, "frames": 4}
    one = enthalpies(npt(temperature_K=1300.0, **steps), system, "plain")
    two = enthalpies(npt(temperature_K=temperature_K, **steps), system, name)
    # four traces of 40 ps: with a correlation time of 0.5 ps some 160 independent points
    correlation = np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(one, two, strict=True)])
    assert abs(correlation) < 0.35
