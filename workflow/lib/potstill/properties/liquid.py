"""The liquid at zero pressure: volume, energy, and radial distribution function g(r).

Short runs by Langevin dynamics in cells of about a hundred atoms: the same for all calculators, so
that what is compared has the same finite size. Standard errors are from the spread of independent
runs: the volume wanders slowly, and blocks of single runs of 8 ps gave half of what six runs
with one potential differed by.
"""

import ase
import numpy as np
from ase.md.langevinbaoab import LangevinBAOAB
from ase.md.velocitydistribution import thermalize_momenta
from matscipy.neighbours import neighbour_list
from numpy.typing import NDArray

from potstill.errors import PotstillError
from potstill.exploration.model_dynamics import langevin
from potstill.properties import Conditions, Curves, Measured, Value
from potstill.properties.metal import Metal
from potstill.relaxation.relax import bond_length
from potstill.runtime.progress import Progress
from potstill.runtime.streams import stream

Floats = NDArray[np.float64]

# Shortest edge of the crystal that melts, A: 108 atoms of Ni and Al, 128 of Nb.
EDGE_A = 10.5
TIMESTEP_FS = 1.5
# The crystal melts at a larger volume and temperature (both relative), then both are let go.
MELT_VOLUME, MELT_TEMPERATURE = 1.15, 1.5
MELT_PS, EQUILIBRATION_PS, SAMPLING_PS = 1.5, 2.5, 4.0
RUNS, SAMPLE_STEPS, BINS = 8, 10, 100
# Mean square displacement in half of the sampling, in squared distances of neighbours: that of a
# liquid is over 1, and of a crystal below 0.1 up to its melting point.
LEAST_DISPLACEMENT = 0.25


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return averages with standard errors over runs, and the curve g(r) with its own.

    Raises PotstillError when a run does not stay a liquid.
    """
    kelvin, edges = conditions.settings.liquid_temperature_K, _edges(metal)
    assert kelvin is not None  # the settings say so
    runs = [_run(metal, kelvin, conditions.seed, number, edges) for number in range(RUNS)]
    (mean_v, error_v), (mean_e, error_e), (mean_g, error_g) = map(
        _over_runs, zip(*runs, strict=True)
    )
    return Measured(
        [
            Value(f"liquid at {kelvin:g} K, volume of an atom", "A^3", *_pair(mean_v, error_v)),
            Value(
                f"liquid at {kelvin:g} K, energy above the crystal",
                "eV/atom",
                *_pair(mean_e - metal.energy_eV, error_e),
            ),
        ],
        {
            "r_A": (0.5 * (edges[1:] + edges[:-1])).tolist(),
            "g": mean_g.tolist(),
            "g_standard_error": error_g.tolist(),
        },
    )


def compare(curves: Curves, reference: Curves) -> list[Value]:
    """Return the integral of |g - g of the reference|, and what noise alone makes of it.

    Noise of standard error s in each bin gives sqrt(2 / pi) s on average.
    """
    width = reference["r_A"][1] - reference["r_A"][0]
    difference = np.abs(np.subtract(curves["g"], reference["g"]))
    noise = np.hypot(curves["g_standard_error"], reference["g_standard_error"])
    return [
        Value("liquid, integral of |difference of g(r)|", "A", float(difference.sum() * width)),
        Value(
            "liquid, the same from noise alone",
            "A",
            float(np.sqrt(2 / np.pi) * noise.sum() * width),
        ),
    ]


def _crystal(metal: Metal, stretch: float = 1) -> ase.Atoms:
    """Return the crystal to melt, of `stretch` times the configuration's volume."""
    return metal.supercell(EDGE_A, stretch * metal.reference_volume_A3)


def _edges(metal: Metal) -> Floats:
    """Return the edges of the bins of g(r), A: up to half of the crystal's shortest edge."""
    return np.linspace(0, _crystal(metal).cell.lengths().min() / 2, BINS + 1)


def _run(
    metal: Metal, kelvin: float, seed: int, number: int, edges: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the means over one run of volume and energy of an atom and of g between `edges`."""
    random = stream(seed, "relaxation", "liquid", metal.symbol, number)
    atoms = _crystal(metal, MELT_VOLUME)
    total = sum(_steps(ps) for ps in (MELT_PS, EQUILIBRATION_PS, SAMPLING_PS))
    progress = Progress(f"liquid {metal.symbol} {number + 1}/{RUNS}", total, "steps")
    samples: list[tuple[float, float, Floats, Floats]] = []

    done = 0

    def go(run: LangevinBAOAB, steps: int, sample: bool = False) -> None:
        nonlocal done
        for _ in range(0, steps, SAMPLE_STEPS):
            run.run(SAMPLE_STEPS)
            done += SAMPLE_STEPS
            volume = atoms.get_volume() / len(atoms)
            energy = atoms.get_potential_energy() / len(atoms)
            if not (np.isfinite(energy) and 0.5 < volume / metal.reference_volume_A3 < 3):
                raise PotstillError(f"the liquid at {kelvin:g} K ends at {volume:.3g} A^3 an atom")
            progress.update(done, f"{volume:.2f} A^3, {energy:.3f} eV an atom")
            if sample:
                centred = atoms.positions - atoms.positions.mean(axis=0)
                samples.append((volume, energy, _histogram(atoms, edges), centred))

    # as much again goes into potential energy
    thermalize_momenta(atoms, 2 * MELT_TEMPERATURE * kelvin, rng=random)
    go(langevin(atoms, MELT_TEMPERATURE * kelvin, TIMESTEP_FS, random), _steps(MELT_PS))
    at_pressure = langevin(atoms, kelvin, TIMESTEP_FS, random, pressure=0.0)
    go(at_pressure, _steps(EQUILIBRATION_PS))
    go(at_pressure, _steps(SAMPLING_PS), sample=True)
    volume, energy, g, positions = (np.array(values) for values in zip(*samples, strict=True))
    moved = positions[-1] - positions[len(positions) // 2]
    bond = bond_length(_crystal(metal))
    if (moved**2).sum(axis=1).mean() < LEAST_DISPLACEMENT * bond**2:
        raise PotstillError(f"at {kelvin:g} K it is no liquid: atoms keep their places")
    return volume.mean(), energy.mean(), g.mean(axis=0)


def _steps(picoseconds: float) -> int:
    """Return a number of steps, whole samples."""
    return SAMPLE_STEPS * round(1e3 * picoseconds / TIMESTEP_FS / SAMPLE_STEPS)


def _histogram(atoms: ase.Atoms, edges: Floats) -> Floats:
    """Return g(r) of one configuration in the bins between `edges`, A."""
    count = np.histogram(neighbour_list("d", atoms, edges[-1]), bins=edges)[0]
    shell = 4 / 3 * np.pi * np.diff(edges**3)
    return count / len(atoms) / (shell * len(atoms) / atoms.get_volume())


def _over_runs(means: tuple[Floats, ...]) -> tuple[Floats, Floats]:
    """Return the mean of the runs' means (RUNS, ...) and its standard error."""
    return np.mean(means, axis=0), np.std(means, axis=0, ddof=1) / np.sqrt(len(means))


def _pair(value: Floats, error: Floats) -> tuple[float, float]:
    return float(value), float(error)
