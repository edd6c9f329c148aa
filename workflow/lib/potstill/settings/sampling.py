"""Sets of frames: sampled ones, MOMT and conventional runs, and those that nothing samples."""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from potstill.settings.base import Count, Finite, Positive, Range, Section
from potstill.settings.crystals import CrystalName
from potstill.settings.exploration import ModelDynamics


class _Dynamics(Section):
    temperature_K: Positive = Field(description="temperature of the thermostat (MOMT: T0)")
    pressure_bar: Finite = Field(1.0, description="external pressure")
    timestep_fs: Positive = Field(2.0, le=10, description="time step")
    friction_per_ps: Positive = Field(2.0, description="Langevin friction")
    volume_interval: Count = Field(10, description="steps between volume moves")
    volume_step: Positive = Field(0.02, lt=0.2, description="largest change of ln V in a move")
    walkers: Count = Field(4, description="independent walkers, run side by side")
    production_steps: Count = Field(description="steps of all walkers together, after learning")
    frames: Count = Field(description="frames to write, evenly spaced over production")
    trace_interval: Count = Field(50, description="steps between points of the (H, O) trace")

    @model_validator(mode="after")
    def _enough_steps(self) -> Self:
        for name in ("frames", "production_steps"):
            if getattr(self, name) % self.walkers:
                raise ValueError(f"{name} must be a multiple of walkers ({self.walkers})")
        if self.production_steps % (self.frames * self.trace_interval):
            raise ValueError(
                f"production_steps ({self.production_steps}) must be a multiple of frames times "
                f"trace_interval ({self.frames} x {self.trace_interval})"
            )
        return self


# The temperatures of a MOMT set by rule, in units of the melting temperature.
MOMT_RULE = {"temperature_K": 1.03, "low_temperature_K": 0.65, "high_temperature_K": 1.8}
# What a MOMT set gives itself, unless it gives the melting temperature.
MOMT_GIVEN = (*MOMT_RULE, "enthalpy_range_eV_per_atom", "enthalpy_width_eV")


class Momt(_Dynamics):
    """A multiorder-multithermal (MOMT) run: the bias is learned, frozen, and then sampled with."""

    method: Literal["momt"] = Field(description="how the set is sampled")
    melting_temperature_K: Positive | None = Field(
        None,
        description="melting temperature T_m of the metal: the temperatures and enthalpies that "
        "are not given follow from it by rule; null where they are all given",
    )
    temperature_K: Positive = Field(
        description="temperature of the thermostat, T0; with T_m it may be left out, for 1.03 T_m"
    )
    low_temperature_K: Positive = Field(
        description="temperature continued below the enthalpy mesh; or 0.65 T_m"
    )
    high_temperature_K: Positive = Field(
        description="temperature continued above the enthalpy mesh; or 1.8 T_m"
    )
    enthalpy_range_eV_per_atom: Range | None = Field(
        None,
        description="limits of the enthalpy mesh; with T_m null for the means of short runs, of "
        "the crystal at low_temperature_K and of the liquid at high_temperature_K",
    )
    enthalpy_width_eV: Positive | None = Field(
        None,
        description="width of a hill along H (whole cell); with T_m null for 0.65 of the "
        "standard deviation of H in a short run of the crystal at T0",
    )
    enthalpy_floor_eV_per_atom: float | None = Field(
        None,
        description="enthalpy below which cells without order are kept out of the run, because "
        "they are crystals askew; the low limit for none; null for 0.36 of the range from three "
        "cells a side, else none",
    )
    nodes: tuple[Count, Count] | None = Field(
        None,
        description="nodes of the bias mesh along H and the square root of O; null for two to a "
        "hill's width",
    )
    order_width: Positive | None = Field(
        None, description="width of a hill along the square root of O; null for 0.25"
    )
    height_kT: Positive | None = Field(
        None,
        description="hill height at first, in kB T0; null for 0.1 at 32 atoms to 0.2 at 108",
    )
    deposit_interval: Count | None = Field(
        None,
        description="steps between a walker's hills; null for about 100 at 32 atoms to 50 at 108",
    )
    constant_deposits: Count | None = Field(
        None,
        description="hills of full height, which then decreases to 1/n; null for 6000 at 32 "
        "atoms to 20000 at 108",
    )
    learning_steps: Count = Field(description="learning steps of all walkers together")
    measuring_share: float = Field(
        0.34,
        gt=0,
        lt=1,
        description="share of the learning steps, the last of them, that deposit nothing and "
        "measure how even the histogram of O is",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_way(cls, data: Any) -> Any:
        """Take the temperatures from the melting temperature, or see that nothing is missing."""
        if not isinstance(data, dict):
            return data
        missing = [name for name in MOMT_GIVEN if data.get(name) is None]
        melting = data.get("melting_temperature_K")
        if melting is None:
            if missing:
                raise ValueError(
                    f"{', '.join(missing)} missing; give melting_temperature_K, from which they "
                    "follow, or give them all"
                )
            return data
        try:
            melting = float(melting)
        except (TypeError, ValueError):
            melting = math.nan
        if not 0 < melting < math.inf:
            raise ValueError("melting_temperature_K must be a number of kelvins above 0")
        by_rule = {name: round(factor * melting, 1) for name, factor in MOMT_RULE.items()}
        # settings that were filled in by rule are good settings again
        if not missing and all(data[name] != value for name, value in by_rule.items()):
            raise ValueError(
                "melting_temperature_K has no effect where all that follows from it is given; "
                f"remove it, or one of {', '.join(MOMT_GIVEN)}"
            )
        return data | {name: by_rule[name] for name in missing if name in by_rule}

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.enthalpy_range_eV_per_atom is not None:
            low, high = self.enthalpy_range_eV_per_atom
            if not low < high:
                raise ValueError("enthalpy_range_eV_per_atom must be [low, high] with low < high")
            floor = self.enthalpy_floor_eV_per_atom
            if floor is not None and not low <= floor < high:
                raise ValueError(
                    f"enthalpy_floor_eV_per_atom must be at least {low} and below {high}, the "
                    "limits of enthalpy_range_eV_per_atom"
                )
        if not self.low_temperature_K < self.temperature_K < self.high_temperature_K:
            raise ValueError(
                "temperature_K must lie between low_temperature_K and high_temperature_K"
            )
        if self.nodes is not None and min(self.nodes) < 4:
            raise ValueError("nodes must be at least [4, 4]")
        interval, name = self.trace_interval, "trace_interval"
        if self.deposit_interval is not None:
            if self.deposit_interval % self.trace_interval:
                raise ValueError(
                    f"deposit_interval must be a multiple of trace_interval ({interval})"
                )
            interval, name = self.deposit_interval, "deposit_interval"
        if self.learning_steps % (self.walkers * interval):
            raise ValueError(
                f"learning_steps must be a multiple of walkers times {name} "
                f"({self.walkers} x {interval})"
            )
        return self


class Npt(_Dynamics):
    """A conventional isothermal-isobaric run from the crystal or from the melt."""

    method: Literal["npt"] = Field(description="how the set is sampled")
    start: Literal["crystal", "liquid"] = Field(description="phase to start from")
    melt_temperature_K: Positive = Field(
        5000.0, description="temperature at which a liquid start is melted first"
    )
    equilibration_steps: Count = Field(
        20000, description="steps of all walkers together before production, not kept"
    )

    @model_validator(mode="after")
    def _whole_intervals(self) -> Self:
        if self.equilibration_steps % (self.walkers * self.trace_interval):
            raise ValueError(
                "equilibration_steps must be a multiple of walkers times trace_interval "
                f"({self.walkers} x {self.trace_interval})"
            )
        return self


class FileSet(Section):
    """Frames from a file, with the labels that it has: no sampling and no potential."""

    method: Literal["file"] = Field(description="the set is read from a file")
    file: str = Field(
        min_length=1,
        description="extended XYZ or another file that ASE reads, relative to the folder that "
        "Snakemake runs in",
    )
    frames: Count | None = Field(
        None,
        description="frames of the set, as many as the file gives: what needs them is then checked "
        "before a run, and their number as the file is read; null for unknown",
    )
    every: Count = Field(1, description="take each n-th frame of the file, from the first one on")
    shuffle: bool = Field(
        True,
        description="put the frames in a random order, by the run's seed, so that blocks are "
        "alike; false keeps the order of the file",
    )
    energy_key: str | None = Field(
        None, description="name of the energy (whole cell, eV) in the file; null finds usual names"
    )
    forces_key: str | None = Field(
        None, description="name of the forces (eV/A) in the file; null finds usual names"
    )
    stress_key: str | None = Field(
        None, description="name of the stress or virial in the file; null finds usual names"
    )
    stress_unit: Literal["eV/A^3", "kB", "virial", "none"] = Field(
        "eV/A^3",
        description="eV/A^3, positive under tension; kB as VASP prints it, positive under "
        "pressure; virial: that of the cell in eV, positive under pressure; none leaves it out",
    )


# Atoms of each frame that comes with Potstill, and of dynamics by a model.
FOUNDATIONAL_ATOMS = 32


class Foundational(Section):
    """Frames that come with Potstill, scaled to a metal: no sampling, no potential, no labels."""

    method: Literal["foundational"] = Field(description="the set is the first of these frames")
    frames: Count = Field(64, description="how many; more of them know more, and are more to label")
    crystal: CrystalName | None = Field(
        None, description="that of the metal; null for that of `elements`, or the usual one"
    )
    lattice_constant_A: Positive | None = Field(
        None,
        description="of this crystal at zero temperature, by what labels the frames; of hcp: a; "
        "null for that of `elements`, or the usual one",
    )
    c_over_a: Positive | None = Field(None, description="of hcp; null for the usual one")


# Sets that come without labels, and get those of `labels`.
UnlabelledSet = Foundational | ModelDynamics
# Sets that no potential samples.
GivenSet = FileSet | UnlabelledSet
# One set of `sampling`, told apart by its method.
AnySet = Annotated[
    Momt | Npt | FileSet | Foundational | ModelDynamics, Field(discriminator="method")
]
