"""Reweighted MOMT averages against plain runs, and the errors of averages against known ones."""

import numpy as np
import pytest

from potstill.data.frames import read_frames
from potstill.sampling.sample import sample
from potstill.sampling.validation import jackknife, plain, reweighted


def test_the_jackknife_gives_the_error_of_an_average_of_a_correlated_series():
    """An AR(1) series x' = c x + noise has the error sqrt((1 + c) / (1 - c) / n) of its mean."""
    c, n, repeats = 0.8, 20_000, 60
    generator = np.random.default_rng(1)
    noise = generator.normal(0, np.sqrt(1 - c * c), (n, repeats))
    x = np.empty((n, repeats))
    x[0] = generator.normal(size=repeats)
    for t in range(1, n):
        x[t] = c * x[t - 1] + noise[t]
    average = jackknife(x, np.ones(n))
    exact = np.sqrt((1 + c) / (1 - c) / n)
    assert np.sqrt((average.error**2).mean()) == pytest.approx(exact, rel=0.15)
    assert np.sqrt((average.mean**2).mean()) == pytest.approx(exact, rel=0.3)


def test_weights_are_used_as_they_are_meant():
    values = np.repeat([[0.0], [1.0]], 500, axis=0)[np.random.default_rng(2).permutation(1000)]
    w = np.where(values[:, 0] > 0.5, 3.0, 1.0)
    assert jackknife(values, w).mean[0] == pytest.approx(0.75)


def test_a_reweighted_momt_run_gives_the_averages_of_plain_runs(
    tmp_path, tables, momt, system, element
):
    settings = momt(
        learning_steps=1_000_000,
        constant_deposits=3000,
        production_steps=1_200_000,
        frames=4000,
    )
    frames = tmp_path / "set.h5"
    sample(
        settings,
        name="Ni/32/momt",
        element=element,
        potential=tables["Ni-Nb"],
        seed=3,
        device="cpu",
        threads=2,
        frames=frames,
        summary=tmp_path / "set.json",
        trace=tmp_path / "set_trace.h5",
    )
    for temperature, phase in ((1300.0, "crystal"), (3000.0, "liquid")):
        ours = reweighted(read_frames(frames), temperature, phase)
        theirs = plain(
            system,
            temperature,
            phase,
            timestep_fs=2.0,
            steps=80_000,
            seed=4,
            name="test",
        )
        both = np.hypot(ours.error, theirs.error)
        # precise enough to tell the phases (0.2 eV) and 200 K (0.06 eV) apart
        assert both[0] < 0.02 and both[1] < 0.2
        # bulk modulus 180 GPa: a volume 1% off would be 2 GPa off
        assert both[3] < 1
        assert np.abs(ours.mean - theirs.mean) / both == pytest.approx(0, abs=4)
