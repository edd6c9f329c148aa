"""Does a MOMT set, reweighted, give the averages of plain NPT runs, and its own pressure?"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from ase import units
from numpy.typing import NDArray

from potstill.data.frames import Frames, read_frames
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential
from potstill.runtime.compiled import use_threads
from potstill.runtime.files import atomic_path
from potstill.runtime.progress import say
from potstill.sampling.analysis import weights
from potstill.sampling.floor import Floor
from potstill.sampling.sampler import Sampler
from potstill.sampling.walkers import System
from potstill.settings import Element, Npt

Floats = NDArray[np.float64]

# Steps of each plain run.
STEPS = 400_000
# Temperatures over T0 and the phase that is compared there.
POINTS = (
    (0.65, "crystal"),
    (0.8, "crystal"),
    (1.0, "crystal"),
    (1.2, "liquid"),
    (1.5, "liquid"),
    (1.7, "liquid"),
)
# Order parameter per atom that parts the phases, where both are there.
PARTED_AT = 0.3
COLUMNS = ("enthalpy_eV_per_atom", "volume_A3_per_atom", "order_parameter", "pressure_GPa")
BLOCKS = 20


class Average(NamedTuple):
    """Averages (4,) of H/N (eV), V/N (A^3), O and pressure (GPa), and their standard errors."""

    mean: Floats
    error: Floats


def jackknife(values: Floats, w: Floats, blocks: int = BLOCKS) -> Average:
    """Return weighted averages of values (T, K) with weights (T,), errors by leaving blocks out.

    Blocks are consecutive stretches, longer than the correlation time if the series is.
    """
    edges = np.linspace(0, len(w), blocks + 1).astype(int)[:-1]
    top = np.add.reduceat(w[:, None] * values, edges)
    bottom = np.add.reduceat(w, edges)[:, None]
    left_out = (top.sum(axis=0) - top) / (bottom.sum() - bottom)
    spread = left_out - left_out.mean(axis=0)
    error = np.sqrt((blocks - 1) / blocks * (spread**2).sum(axis=0))
    return Average(top.sum(axis=0) / bottom.sum(), error)


def reweighted(frames: Frames, temperature_K: float, phase: str) -> Average:
    """Return the averages of one phase at a temperature from the frames of a frozen-bias run.

    The pressure N kB T/V - dU/dV of the frames averages to the external one at any temperature and
    in each phase alone, because the order parameter that parts them does not depend on the volume.
    """
    columns = frames.columns
    order = np.lexsort((columns["step"], columns["walker"]))  # walker by walker, for the blocks
    h, o, bias = (
        np.asarray(columns[name][order], dtype=np.float64)
        for name in ("enthalpy", "order_parameter", "bias")
    )
    volume = np.linalg.det(frames.cell)[order]
    virial = -np.trace(frames.need("stress", "validation"), axis1=1, axis2=2)[order] / 3
    pressure = frames.atoms * units.kB * temperature_K / volume + virial
    pressure /= units.GPa
    solid = o > PARTED_AT * frames.atoms
    height, low = frames.attributes["enthalpy_floor"]
    floor = Floor(height, low, frames.atoms)
    w = weights(h, bias, float(frames.attributes["temperature_K"]), temperature_K)
    w = w * (solid if phase == "crystal" else ~solid) * ~floor.below(h, o)
    if not w.sum() > 0:
        raise PotstillError(f"no frame of the set is {phase} at {temperature_K:g} K; sample longer")
    return jackknife(np.stack([h / frames.atoms, volume / frames.atoms, o, pressure], axis=1), w)


def plain(
    system: System,
    temperature_K: float,
    phase: str,
    *,
    timestep_fs: float,
    steps: int,
    seed: int,
    name: str,
) -> Average:
    """Return the averages of a plain NPT run of `steps` steps that starts in `phase`.

    The pressure is the external one, exactly. name: what the run is for; runs of other names,
    phases or temperatures are independent of it. A cell that changes its phase on the way is judged
    by the same order parameter as the MOMT set.
    """
    interval = 50
    settings = Npt(
        method="npt",
        start="crystal" if phase == "crystal" else "liquid",
        melt_temperature_K=2 * temperature_K,
        temperature_K=temperature_K,
        timestep_fs=timestep_fs,
        volume_step=0.03,
        equilibration_steps=40_000,
        production_steps=steps,
        frames=steps // interval,
        trace_interval=interval,
    )
    sampler = Sampler(settings, system, seed, f"{name} {phase}")
    while sampler.step < sampler.total:
        sampler.segment()
    points = sampler.points(production=True)
    volume = np.array(sampler.kept_length).T ** 3
    h, o = points[..., 0], points[..., 1]
    solid = o > PARTED_AT * system.atoms
    keep = solid if phase == "crystal" else ~solid
    external = np.full_like(h, sampler.physics.pressure / units.GPa)
    per_atom = h / system.atoms, volume / system.atoms
    values = np.stack([*per_atom, o, external], axis=-1).reshape(-1, len(COLUMNS))
    return jackknife(values, keep.ravel().astype(float))


def validate(
    frames: Path,
    *,
    element: Element,
    potential: Path,
    timestep_fs: float,
    seed: int,
    threads: int,
    output: Path,
) -> None:
    """Write a CSV that sets reweighted averages beside plain ones at the temperatures of POINTS.

    The last column is the difference in units of its standard error.
    """
    use_threads(threads)
    momt = read_frames(frames)
    system = System(element, momt.atoms, EamPotential.from_file(potential, momt.symbol))
    rows = ["temperature_K,phase,quantity,reweighted,error,plain_npt,plain_error,difference_sigma"]
    for factor, phase in POINTS:
        temperature = factor * float(momt.attributes["temperature_K"])
        ours = reweighted(momt, temperature, phase)
        theirs = plain(
            system,
            temperature,
            phase,
            timestep_fs=timestep_fs,
            steps=STEPS,
            seed=seed,
            name="validation",
        )
        sigma = (ours.mean - theirs.mean) / np.hypot(ours.error, theirs.error)
        for k, name in enumerate(COLUMNS):
            numbers = (ours.mean[k], ours.error[k], theirs.mean[k], theirs.error[k])
            rows.append(
                f"{temperature:g},{phase},{name},{','.join(f'{x:.5f}' for x in numbers)},"
                f"{sigma[k]:.2f}"
            )
        say(f"{temperature:g} K {phase}: {np.abs(sigma).max():.1f} standard errors apart at most")
    with atomic_path(output) as temporary:
        temporary.write_text("\n".join(rows) + "\n")
