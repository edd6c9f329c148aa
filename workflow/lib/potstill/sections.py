"""The sections of the configuration: names, defaults, limits and units of every setting."""

import math
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Range = tuple[Finite, Finite]
Factors = Annotated[tuple[Positive, ...], Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]

# Atoms in a conventional cubic cell.
ATOMS_PER_CELL = {"fcc": 4, "bcc": 2}


class Section(BaseModel):
    """What all sections share: unknown settings are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Table(Section):
    """One table of EAM functions."""

    file: str | None = Field(
        None, description="a local copy (eam/fs or setfl) to use instead of fetching one"
    )
    sha256: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the numbers of a table that the project does not know",
    )


class Element(Section):
    """One chemical element: its potential and its crystal."""

    table: Name = Field(description="name of the EAM table, a key of `potentials`")
    structure: Literal["fcc", "bcc"] = Field(description="the crystal at zero temperature")
    lattice_constant_A: Positive = Field(description="conventional lattice constant with this EAM")

    @property
    def volume_per_atom_A3(self) -> float:
        """Volume of an atom in the element's own crystal, A^3."""
        return self.lattice_constant_A**3 / ATOMS_PER_CELL[self.structure]


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

    method: Literal["momt"]
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
        description="width of a deposit along H (whole cell); with T_m null for 0.65 of the "
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
        "deposit's width",
    )
    order_width: Positive | None = Field(
        None, description="width of a deposit along the square root of O; null for 0.25"
    )
    height_kT: Positive | None = Field(
        None,
        description="first height of a deposit, in kB T0; null for 0.1 at 32 atoms to 0.2 at 108",
    )
    deposit_interval: Count | None = Field(
        None,
        description="steps between a walker's deposits; null for about 100 at 32 atoms to 50 at "
        "108",
    )
    constant_deposits: Count | None = Field(
        None,
        description="deposits of full height, which then decreases to 1/n; null for 6000 at 32 "
        "atoms to 20000 at 108",
    )
    learning_steps: Count = Field(description="learning steps of all walkers together")

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

    method: Literal["npt"]
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


class Descriptor(Section):
    """ANI symmetry functions with evenly spaced shifts."""

    radial_cutoff_A: Positive = Field(6.0, description="radial cut-off; at least the potential's")
    radial_start_A: Positive = Field(1.6, description="first radial shift")
    radial_end_A: Positive | None = Field(
        None, description="end of the radial shifts, itself left out; null for the cut-off"
    )
    radial_shifts: Count = Field(24, description="number of radial shifts")
    radial_eta: Positive = Field(12.0, description="radial width, 1/A^2")
    angular_cutoff_A: Positive = Field(3.5, description="angular cut-off")
    angular_start_A: Positive = Field(1.6, description="first angular radial shift")
    angular_shifts: Count = Field(4, description="number of angular radial shifts")
    angular_eta: Positive = Field(4.0, description="angular radial width, 1/A^2")
    zeta: Positive = Field(8.0, description="exponent of the angular part")
    angle_sections: Count = Field(4, description="number of angle shifts")
    cutoff_function: Literal["smooth", "cosine"] = Field(
        "smooth", description="torchani's CutoffSmooth (order 2) or CutoffCosine"
    )

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.angular_cutoff_A > self.radial_cutoff_A:
            raise ValueError("angular_cutoff_A must not exceed radial_cutoff_A")
        if self.radial_start_A >= min(self.radial_cutoff_A, self.radial_end_A or math.inf):
            raise ValueError("radial_start_A must be below radial_cutoff_A and radial_end_A")
        if self.angular_start_A >= self.angular_cutoff_A:
            raise ValueError("angular_start_A must be below angular_cutoff_A")
        return self

    def scaled(self, factor: float) -> "Descriptor":
        """Return the same functions with every length multiplied by `factor`."""
        lengths = ("radial_cutoff_A", "radial_start_A", "angular_cutoff_A", "angular_start_A")
        changes = {name: getattr(self, name) * factor for name in lengths}
        if self.radial_end_A is not None:
            changes["radial_end_A"] = self.radial_end_A * factor
        changes |= {n: getattr(self, n) / factor**2 for n in ("radial_eta", "angular_eta")}
        return self.model_copy(update=changes)


# The settings that the paper's authors published for nickel. The weights of the two terms of their
# loss are not among them.
AUTHORS: dict[str, Any] = {
    "layers": (224, 192, 160),
    "activation": "gelu",
    "energy_weight": 1.0,
    "learning_rate": 1e-3,
    "weight_decay": 1e-2,  # AdamW's own in torch
    "schedule": "plateau",
    "descriptor": {
        "radial_cutoff_A": 6.9,
        "radial_start_A": 1.06875,
        "radial_end_A": 6.98125,
        "radial_shifts": 22,
        "radial_eta": 19.7,
        "angular_cutoff_A": 3.5,
        "angular_start_A": 0.8,
        "angular_shifts": 8,
        "angular_eta": 12.5,
        "zeta": 14.1,
        "angle_sections": 4,
        "cutoff_function": "cosine",
    },
}


class Training(Section):
    """Training of an ensemble of ANI-type networks."""

    preset: Literal["potstill", "authors"] = Field(
        "potstill",
        description="what the settings that are not given are: the defaults below, or the "
        "descriptor, network and optimiser of the paper's authors",
    )
    members: int = Field(5, ge=2, le=64, description="networks in an ensemble")
    layers: tuple[Count, ...] = Field((64, 48, 32), description="hidden layers")
    activation: Literal["silu", "gelu", "celu"] = Field("silu", description="activation function")
    forces: bool = Field(True, description="train on forces as well as on energies")
    energy_weight: Positive = Field(0.1, description="weight of the energy term of the loss")
    force_weight: Positive = Field(1.0, description="weight of the force term of the loss")
    stress_weight: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        # unused, it is no setting of a model: its file and its rule's params stay as they were
        exclude_if=lambda weight: weight == 0,
        description="weight of the stress term of the loss; 0 leaves the stress out",
    )
    learning_rate: Positive = Field(1e-2, le=1, description="peak learning rate")
    weight_decay: Finite = Field(1e-3, ge=0, description="AdamW weight decay")
    schedule: Literal["cosine", "plateau"] = Field(
        "cosine", description="cosine decay, or halving when the validation loss stalls"
    )
    batch_frames: Count = Field(4, description="frames in a minibatch")
    steps: Count = Field(5000, description="optimiser steps")
    patience: Count = Field(
        10,
        description="plateau: validations without improvement before training stops early; after "
        "each third of them the learning rate is halved",
    )
    validation_interval: Count = Field(250, description="optimiser steps between validations")
    validation_share: float = Field(
        0.2, gt=0, lt=0.9, description="share of the frames that each member validates on"
    )
    descriptor: Descriptor = Field(Descriptor(), description="symmetry functions")

    @model_validator(mode="after")
    def _stress_with_forces(self) -> Self:
        if self.stress_weight and not self.forces:
            raise ValueError("stress_weight needs forces: true; set it to 0 to train on energies")
        return self

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("preset") != "authors":
            return data
        given = data.get("descriptor")
        if given is None or isinstance(given, dict):
            data = data | {"descriptor": AUTHORS["descriptor"] | (given or {})}
        return AUTHORS | data


class Model(Section):
    """One trained ensemble: which frames, how many of them."""

    frames: str = Field(
        description="frame file under results/<run>/ without `.h5`, as `sampling/Ni/108/fcc`"
    )
    count: Count | None = Field(
        None, description="use this many, spread over the whole set; null for all"
    )
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = Field(
        None, description="seed of the training; null for the run's"
    )


StrategyName = Literal[
    "atom_sigma",
    "cluster_sigma",
    "d_optimal",
    "direct",
    "farthest_point",
    "frame_sigma",
    "grid",
    "outlying_atom",
    "random",
    "set_cover",
]


# Those that ask no model.
NativeStrategy = Literal["d_optimal", "direct", "farthest_point", "grid", "random", "set_cover"]


class Distillation(Section):
    """The active-learning loop of one element."""

    source: str = Field(description="the set to distil, a key of `sampling`")
    reference: str = Field(description="the larger set that also tests the models")
    blocks: int = Field(10, ge=2, description="blocks of time-ordered frames, one an iteration")
    strategy: StrategyName = Field(
        "outlying_atom", description="rule that picks frames of a block; see docs/strategies.md"
    )
    threshold: Positive | None = Field(
        3.5,
        description="outlying_atom: z* above which an atom's uncertainty is outlying; null for the "
        "`share` with the highest",
    )
    sigma_meV: Positive | None = Field(
        None,
        description="atom_sigma: sigma of an atom's energy above which a frame is picked; "
        "frame_sigma: sigma of the frame's energy by sqrt(N); null for the `share` with the "
        "highest",
    )
    radius: Positive | None = Field(
        None,
        description="set_cover: distance within which one atom's surroundings stand for another's "
        "(symmetry functions of deviation 1), until all are covered; null for a `share` of the "
        "block",
    )
    share: Share = Field(
        0.08, description="share of a block that the strategies without a threshold pick"
    )
    converged_share: Share = Field(
        0.0, description="stop when less than this share of a block was picked"
    )
    grids: tuple[tuple[Count, Count], ...] = Field(
        ((8, 8), (16, 16)),
        description="cells along (H, O) of each grid-based distillation of `reference`",
    )


class Study(Section):
    """The comparison of an element's selection strategies: `snakemake study`, no part of `all`."""

    source: str = Field(description="the set to choose from, a key of `sampling`")
    tests: tuple[str, ...] = Field(
        min_length=1, description="the sets that test the models, keys of `sampling`"
    )
    test_frames: Count = Field(
        2000,
        description="frames of each test set, drawn at random; of the source, never chosen",
    )
    strategies: tuple[StrategyName, ...] = Field(
        get_args(StrategyName), description="strategies to compare; random must be one"
    )
    shares: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.01, 0.02, 0.05, 0.1, 0.17),
        min_length=1,
        description="frames to choose, as shares of the source",
    )
    replicas: Count = Field(3, description="choices and trainings of each, with seeds of their own")
    start: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.5,
        description="part of the chosen frames that is drawn at random first, for strategies that "
        "ask a model",
    )
    steps: Count | None = Field(
        None, description="optimiser steps of the study's models; null for training.steps"
    )

    @model_validator(mode="after")
    def _with_random(self) -> Self:
        if "random" not in self.strategies:
            raise ValueError("strategies must hold random, which the others are compared with")
        return self


class Translation(Section):
    """Transfer of the distilled geometries to another element."""

    source: str = Field(description="element whose distilled frames are translated")
    test: str = Field(
        description="the target's own MOMT set, a key of `sampling`; never trained on"
    )
    scale: Positive | None = Field(
        None, description="factor of all lengths; null for (V_target / V_source)^(1/3)"
    )
    scale_descriptor: bool = Field(
        True, description="scale the symmetry functions of models of these frames as well"
    )
    factors: Factors = Field(
        (1.0,), description="factors on top of `scale` that the frames take in turn"
    )
    trials: tuple[Factors, ...] = Field(
        ((0.98,), (1.02,), (0.98, 1.0, 1.02), (0.96, 0.98, 1.0, 1.02, 1.04)),
        description="other `factors` to compare: only on request, `snakemake translation`",
    )
    native: tuple[NativeStrategy, ...] = Field(
        ("random", "grid"),
        description="strategies that choose as much of the target's own set, to compare with",
    )
    test_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.25, description="share of the target's own set that tests that comparison, never chosen"
    )


class Reproduction(Section):
    """What `snakemake reproduction` and `snakemake seeds` train beside `all`."""

    few_frames: tuple[Count, ...] = Field(
        (34, 68, 135),
        description="frames of models of ever fewer, spread evenly over `distillation.Ni.source`: "
        "how few reach the paper's error on the larger set",
    )
    seeds: int = Field(
        5, ge=2, description="trainings of each model in the tables of seeds, the run's own first"
    )


class Labels(Section):
    """Labels of an element's frames by another ASE calculator than the EAM; see docs/labels.md."""

    calculator: str = Field(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$",
        description="class of the calculator with its module, as `ase.calculators.emt.EMT`",
    )
    arguments: dict[str, Any] = Field({}, description="arguments by name to make it with")
    chunks: Count = Field(1, description="parts of the frames, one job each")

    @property
    def name(self) -> str:
        """Name of the calculator, in tables and file names: its class."""
        return self.calculator.rpartition(".")[2]


class Properties(Section):
    """Properties of models of an element: `snakemake properties`, no part of `all`."""

    models: tuple[Name, ...] = Field(
        min_length=1, description="the models to compare with the reference, keys of `models`"
    )
    liquid_temperature_K: Positive = Field(
        description="temperature of the liquid; well above melting, or the small cell freezes"
    )
