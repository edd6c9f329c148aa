"""Dynamics that a model drives, and the loop that has labelled what the model comes to."""

from collections.abc import Mapping
from math import inf
from typing import Literal, Self

from pydantic import Field, model_validator

from potstill.settings.base import Count, Name, Positive, Section
from potstill.settings.distillation import StrategyName


class ModelRun(Section):
    """One run of dynamics that a model drives."""

    temperature_K: Positive = Field(description="temperature of the thermostat")
    start: Literal["crystal", "liquid"] = Field(
        "crystal", description="phase to start from; a liquid is molten first"
    )


class ModelRuns(Section):
    """Runs of dynamics that a model drives."""

    runs: tuple[ModelRun, ...] = Field(
        min_length=1, description="its runs, each with temperature_K and start: crystal or liquid"
    )
    interval_steps: Count = Field(
        200, description="steps between frames; with more they are less alike"
    )
    equilibration_steps: Count = Field(1000, description="steps before the first frame")
    timestep_fs: Positive = Field(2.0, le=10, description="time step; light metals need less")


class ModelDynamics(ModelRuns):
    """Frames of dynamics that a model drives, which end where it can't be believed: no labels."""

    method: Literal["dynamics"] = Field(description="the set is of dynamics by a model")
    model: Name = Field(description="the model, a key of `models`")
    frames: Count = Field(description="frames of all runs together, evenly; fewer where one ends")

    @model_validator(mode="after")
    def _even(self) -> Self:
        if self.frames % len(self.runs):
            raise ValueError(f"frames must be a multiple of the number of runs ({len(self.runs)})")
        return self

    @property
    def frames_of_run(self) -> int:
        """Frames of each run."""
        return self.frames // len(self.runs)


# The errors that may end a loop.
GOALS = ("energy_error_meV_per_atom", "force_error_meV_per_A")

RelaxedName = Literal["fcc", "bcc", "hcp", "vacancy"]


class Exploration(ModelRuns):
    """The loop of one element that labels what its models come to and do not know."""

    start: str = Field(
        description="labelled frames to begin with, a set that `labels` labels or one from a file "
        "with labels by the same method, a key of `sampling`"
    )
    count: Count | None = Field(
        None, description="how many of them, the first by their order; null for all"
    )
    frames_of_run: Count = Field(
        20, description="frames of each run to choose from; more of them make turns longer"
    )
    relax: tuple[RelaxedName, ...] = Field(
        ("fcc", "bcc", "hcp", "vacancy"),
        description="structures of 32 atoms, of `vacancy` one less in the metal's crystal, that "
        "each turn relaxes with its model, and may choose as well",
    )
    strategy: StrategyName = Field(
        "d_optimal", description="rule that chooses the others, as in `distillation`"
    )
    added: Count = Field(
        8,
        description="frames that a turn labels: one drawn from each run, which tell the model's "
        "errors, those `strained`, and others that `strategy` chooses; with more there are fewer "
        "trainings, and the loop goes further beyond what is enough",
    )
    strained: int = Field(
        2,
        ge=0,
        description="strained and shaken crystals among them, fcc, bcc and hcp in turn: no run "
        "comes to such, and elastic constants are learned from them",
    )
    turns: Count = Field(8, description="turns at most")
    energy_error_meV_per_atom: Positive | None = Field(
        2.0,
        description="the loop ends when a model's mean absolute error in the frames drawn from its "
        "runs, before it was trained on them, is at most this; null: whatever it is",
    )
    force_error_meV_per_A: Positive | None = Field(
        40.0, description="and that of a component of the force at most this; null as well"
    )

    @model_validator(mode="after")
    def _enough_added(self) -> Self:
        least = len(self.runs) + self.strained
        if self.added < least:
            raise ValueError(
                f"added must be at least {least}: one frame of each of the {len(self.runs)} runs, "
                f"and {self.strained} strained"
            )
        return self

    @property
    def goals(self) -> dict[str, float]:
        """The errors that end the loop, by the name that a turn's summary has for them."""
        return {name: goal for name in GOALS if (goal := getattr(self, name)) is not None}


def is_enough(errors: Mapping[str, float], goals: Mapping[str, float]) -> bool:
    """Return whether errors in frames that a model led to are small enough to end the loop.

    An error that is not known, because no run gave a frame, is not.
    """
    return bool(goals) and all(errors.get(name, inf) <= goal for name, goal in goals.items())
