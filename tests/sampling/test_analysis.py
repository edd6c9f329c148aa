"""Diagnostics of a trace, against systems with known answers."""

import numpy as np
import pytest
from ase import units

from potstill.sampling.analysis import (
    melting_curve,
    melting_temperature,
    order_flatness,
    round_trips,
    weights,
)


def test_round_trips_are_counted_by_walker_and_need_a_real_liquid():
    solid, liquid, twin, between = (-4.7, 27), (-4.1, 1), (-4.7, 1), (-4.5, 12)
    walks = [
        [solid, between, liquid, between, solid, liquid, solid],  # two
        [solid, twin, solid, twin, solid, between, solid],  # none
        [liquid, solid, liquid, liquid, between, liquid, liquid],  # one
    ]
    trace = np.array(walks, dtype=float)
    assert round_trips(32 * trace[..., 0], trace[..., 1], 32, -4.36 * 32) == 3


def test_flatness_of_known_histograms():
    even = np.tile(np.linspace(0, 32, 16_001), (2, 1))
    assert order_flatness(even) == pytest.approx(1.0, abs=0.01)
    half = np.concatenate([np.linspace(0, 16, 20_000), np.linspace(16, 32, 10_000)])[None]
    assert order_flatness(half) == pytest.approx(2.0, abs=0.02)
    assert order_flatness(np.array([[0.0, 1.0, 31.0, 32.0]])) is None


def test_reweighting_a_harmonic_system_gives_its_exact_energy():
    """n classical oscillators: p_T(E) is a gamma distribution with mean n kT."""
    generator = np.random.default_rng(1)
    n, t0 = 30, 1000.0
    energy = generator.gamma(n, units.kB * t0, 200_000)
    for temperature in (900.0, 1000.0, 1100.0):
        w = weights(energy, np.zeros_like(energy), t0, temperature)
        assert w.sum() == pytest.approx(1.0)
        assert (w * energy).sum() == pytest.approx(n * units.kB * temperature, rel=0.01)


def test_the_melting_temperature_of_two_gaussian_phases():
    """Two phases with known enthalpies and equal weight at 2000 K, sampled flat in H by a bias."""
    generator = np.random.default_rng(2)
    beta = 1 / (units.kB * 2000.0)
    h = generator.uniform(-155, -130, 400_000)
    density = np.exp(-((h + 147) ** 2) / 4) + np.exp(-((h + 139) ** 2) / 4)
    bias = np.log(density) / beta  # flat sampling: w(2000 K) ~ exp(b0 bias) = density
    assert melting_temperature(h, bias, 2000.0, 1250.0, 3600.0) == pytest.approx(2000, abs=8)
    # at another T0 the same samples mean the same free energies shifted by (b0' - b0) H
    other = 1 / (units.kB * 2100.0)
    shifted = (np.log(density) - (other - beta) * h) / other
    assert melting_temperature(h, shifted, 2100.0, 1250.0, 3600.0) == pytest.approx(2000, abs=8)


def test_one_phase_has_no_melting_temperature():
    h = np.random.default_rng(3).normal(-147, 1, 50_000)
    assert np.isnan(melting_curve(h, 0 * h, 1500.0, np.array([1500.0]))).all()
    assert melting_temperature(h, 0 * h, 1500.0, 1400.0, 1600.0) is None
