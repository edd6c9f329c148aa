"""Crystal and liquid in one cell: the zero of the rates, the start, and which phase grows."""

import numpy as np
import pytest

from potstill.errors import PotstillError
from potstill.sampling import coexistence
from potstill.sampling.coexistence import Phases, Rate, enthalpy_rates, half_molten, zero_of

# From plain runs of 108 atoms.
NICKEL = Phases(1950.0, -4.584, -4.405, 11.79, 12.50)


def test_the_zero_of_a_line_and_its_error_are_those_of_known_noise():
    generator = np.random.default_rng(1)
    temperatures = np.repeat(np.linspace(1890, 2010, 5), 2)
    zeros, errors = [], []
    for _ in range(400):
        noise = generator.normal(0, 2e-4, len(temperatures))
        rates = 1e-5 * (temperatures - 1945) + noise
        pairs = zip(temperatures, rates, strict=True)
        zero, error = zero_of([Rate(float(t), float(r)) for t, r in pairs])
        zeros.append(zero)
        errors.append(error)
    # sigma / slope / sqrt(n), about: 20 K over sqrt(10)
    assert np.mean(zeros) == pytest.approx(1945, abs=4 * 6.4 / 20)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(zeros), rel=0.2)


def test_rates_that_fall_with_the_temperature_are_refused():
    with pytest.raises(PotstillError, match="does not rise"):
        zero_of([Rate(1900.0 + 20 * k, -0.001 * k) for k in range(5)])


def half_order(atoms, cells):
    """Return the order parameter per atom of the lower and of the upper half."""
    scaled = atoms.get_scaled_positions()
    waves = np.exp(2j * np.pi * scaled @ np.array([cells[0], cells[0], cells[1]]))
    # away from the faces
    lower = (scaled[:, 2] > 0.1) & (scaled[:, 2] < 0.4)
    upper = (scaled[:, 2] > 0.6) & (scaled[:, 2] < 0.9)
    return [float(abs(waves[part].mean()) ** 2) for part in (lower, upper)]


def test_one_half_melts_the_other_stays_and_the_heat_moves_the_faces(nickel, element, monkeypatch):
    cells, full = (4, 10), 640
    monkeypatch.setattr(coexistence, "MELT_PS", 0.6)
    monkeypatch.setattr(coexistence, "COOL_PS", 0.3)
    start = half_molten(element, nickel, cells, NICKEL, 2.0, seed=3)
    lower, upper = half_order(start, cells)
    assert lower > 0.9 and upper < 0.1
    edges = (4 * NICKEL.crystal_volume) ** (1 / 3) * np.array([4, 4, 10])
    assert np.diag(start.cell) == pytest.approx(edges)
    share = 1 - NICKEL.crystal_volume / NICKEL.liquid_volume
    assert full - len(start) == pytest.approx(share * full / 2, rel=0.2)
    monkeypatch.setattr(coexistence, "SETTLE_PS", 2.0)
    monkeypatch.setattr(coexistence, "MEASURE_PS", 4.0)
    monkeypatch.setattr(coexistence, "SHORTEST_PS", 1.0)
    cold, hot = (
        enthalpy_rates(start, NICKEL, element, nickel, temperature, 2.0, seed=4)
        for temperature in (1750.0, 2080.0)
    )
    assert cold and hot
    assert max(r.eV_per_atom_ps for r in cold) < 0 < min(r.eV_per_atom_ps for r in hot)
