"""A MOMT set from the melting temperature alone: what its settings leave open, measured.

The temperatures follow from the melting temperature when the configuration is read (see
`settings.Momt`). The limits of the enthalpy mesh are the mean enthalpies of a crystal at the low
and of a liquid at the high temperature, and the width of a hill is 0.65 of the standard
deviation of the crystal's enthalpy at T0, all from short ordinary runs of the sampling engine. The
rest grows with the number of atoms as it does between 32 and 108 atoms of an FCC metal.
"""

import math
from typing import Literal

from pydantic import Field

from potstill.errors import PotstillError
from potstill.runtime.progress import say
from potstill.sampling.engine import Floats, advance
from potstill.sampling.walkers import MELT_PS, System, crystal_walkers, make_physics, unbiased
from potstill.settings import Count, Momt, Positive, Range

# Width of a hill along H over the standard deviation of H at T0.
WIDTH_SHARE = 0.65
# Width of a hill along the root of O, at any size: as much as a liquid's root of O spreads.
ORDER_WIDTH = 0.25
# Two nodes to the width of a hill: the spline through them follows it to a few per cent.
NODES_PER_WIDTH = 2.0
# Tried values at 32 and at 108 atoms; a power of the number of atoms goes through both.
SMALL, LARGE = 32, 108
HEIGHT_KT = (0.1, 0.2)
DEPOSIT_INTERVAL = (100.0, 50.0)
CONSTANT_DEPOSITS = (6000.0, 20_000.0)
# Share of the enthalpy range by rule below the floor, where it takes a floor: two cells a side hold
# no crystal that lies askew. An FCC crystal at T0 has 0.2, one about to melt a third.
FLOOR_SHARE, FLOOR_CELLS = 0.36, 3

# The short runs: walkers, time to settle and time to measure. Four walkers for 16 ps are some
# hundred independent enthalpies: the mean is good to 0.01 eV/atom and the width to 6%.
WALKERS = 4
SETTLE_PS, MEASURE_PS = 4.0, 16.0
# Order parameter per atom: a crystal at its melting point has about 0.75, a liquid 0.05 or less.
CRYSTAL_ORDER = 0.35


class Complete(Momt):
    """A MOMT run whose settings leave nothing open."""

    enthalpy_range_eV_per_atom: Range = Field()
    enthalpy_width_eV: Positive = Field()
    enthalpy_floor_eV_per_atom: float = Field()
    nodes: tuple[Count, Count] = Field()
    order_width: Positive = Field()
    height_kT: Positive = Field()
    deposit_interval: Count = Field()
    constant_deposits: Count = Field()


def complete(settings: Momt, system: System, seed: int) -> Complete:
    """Return the settings of a set with everything filled in; what they give stays as it is.

    The result holds no melting temperature: it is a set given in full, which gives the same run.
    Runs short simulations (seconds for 32 atoms) if an enthalpy is left open, with random streams
    of their own, so the same settings and seed give the same result. Raises PotstillError when the
    crystal does not hold or the liquid is not liquid where the rule needs them.
    """
    values = settings.model_dump(exclude_none=True, exclude={"melting_temperature_K"})
    by_rule = "enthalpy_range_eV_per_atom" not in values or "enthalpy_width_eV" not in values
    atoms = system.atoms
    if "enthalpy_range_eV_per_atom" not in values:
        crystal = short_run("crystal", settings, settings.low_temperature_K, system, seed)
        liquid = short_run("liquid", settings, settings.high_temperature_K, system, seed)
        values["enthalpy_range_eV_per_atom"] = tuple(
            round(float(h.mean()) / atoms, 3) for h in (crystal, liquid)
        )
    if "enthalpy_width_eV" not in values:
        hot = short_run("crystal", settings, settings.temperature_K, system, seed)
        values["enthalpy_width_eV"] = float(f"{WIDTH_SHARE * hot.std():.2g}")
    values.setdefault("order_width", ORDER_WIDTH)
    values.setdefault("height_kT", round(_by_size(HEIGHT_KT, atoms), 3))
    values.setdefault("constant_deposits", round(_by_size(CONSTANT_DEPOSITS, atoms), -2))
    values.setdefault("deposit_interval", _deposit_interval(settings, atoms))
    low, high = values["enthalpy_range_eV_per_atom"]
    share = FLOOR_SHARE if system.cells >= FLOOR_CELLS else 0.0
    values.setdefault("enthalpy_floor_eV_per_atom", round(low + share * (high - low), 3))
    values.setdefault(
        "nodes",
        (
            _nodes((high - low) * atoms, values["enthalpy_width_eV"]),
            _nodes(math.sqrt(atoms), values["order_width"]),
        ),
    )
    if by_rule:
        say(
            f"by rule: T0 {settings.temperature_K:g} K, H/N {low:.3f}..{high:.3f} eV, "
            f"width {values['enthalpy_width_eV']:g} eV, nodes {values['nodes']}"
        )
    return Complete.model_validate(values)


def short_run(
    phase: Literal["crystal", "liquid"],
    settings: Momt,
    temperature_K: float,
    system: System,
    seed: int,
) -> Floats:
    """Return enthalpies (eV, whole cell; walkers x points) of an ordinary isobaric run.

    The liquid is a crystal held at the temperature until it has melted. Raises PotstillError when
    the phase at the end is another one.
    """
    chosen = settings.model_copy(update={"temperature_K": temperature_K, "walkers": WALKERS})
    element, atoms, potential = system
    walkers = crystal_walkers(chosen, system, seed, f"recipe {phase}")
    physics = make_physics(chosen, system)
    settle = SETTLE_PS + (MELT_PS if phase == "liquid" else 0.0)
    interval = settings.trace_interval
    first, steps = (
        interval * math.ceil(ps * 1000 / settings.timestep_fs / interval)
        for ps in (settle, MEASURE_PS)
    )
    run = (walkers, physics, potential.dynamics_tables, *unbiased(atoms))
    advance(*run, first=0, steps=first, interval=interval)
    points = advance(*run, first=first, steps=steps, interval=interval)
    last = points.shape[1] // 4
    order = points[:, -last:, 1].mean(axis=1) / atoms
    if phase == "crystal" and order.min() < CRYSTAL_ORDER:
        raise PotstillError(
            f"the {element.structure} crystal of {potential.symbol} does not hold at "
            f"{temperature_K:g} K; lower melting_temperature_K, or correct "
            f"elements.{potential.symbol}"
        )
    if phase == "liquid" and order.max() > CRYSTAL_ORDER:
        raise PotstillError(
            f"the crystal of {potential.symbol} does not melt within {settle:g} ps at "
            f"{temperature_K:g} K; raise melting_temperature_K or high_temperature_K"
        )
    return points[..., 0]


def _by_size(values: tuple[float, float], atoms: int) -> float:
    """Return the power of the number of atoms through the values at SMALL and LARGE."""
    power = math.log(values[1] / values[0]) / math.log(LARGE / SMALL)
    return values[0] * (atoms / SMALL) ** power


def _deposit_interval(settings: Momt, atoms: int) -> int:
    """Return the interval next to the rule's that fits into the trace and the learning steps."""
    wanted = _by_size(DEPOSIT_INTERVAL, atoms)
    steps = settings.learning_steps // settings.walkers // settings.trace_interval
    fitting = (settings.trace_interval * n for n in range(1, steps + 1) if steps % n == 0)
    return min(fitting, key=lambda interval: abs(math.log(interval / wanted)))


def _nodes(span: float, width: float) -> int:
    """Return the nodes of a mesh of this span for hills of this width."""
    return max(4, 1 + math.ceil(NODES_PER_WIDTH * span / width))
