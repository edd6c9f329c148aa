"""Descriptors, the training of ensembles, and the models."""

import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from potstill.settings.atomic_size import length_factor
from potstill.settings.base import Count, Finite, Positive, Section

# Derivatives of more than this are not kept but computed in each step of a training. It depends on
# the frames alone, so that the bytes of a model do not depend on the machine's memory.
KEPT_BYTES = 6 * 2**30


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

    def pair_bytes(
        self, radial: float, angular: float, itemsize: int = 4, elements: int = 1
    ) -> float:
        """Return the size of all derivatives by so many half pairs and ordered angular pairs.

        A number takes `itemsize` bytes, the two indices of a pair eight. A neighbour changes the
        angular functions of its element with each of all elements.
        """
        angles = elements * self.angular_shifts * self.angle_sections
        numbers = radial * (self.radial_shifts + 4) + angular * 3 * (angles + 1)
        return numbers * itemsize + 8 * (radial + angular)

    def scaled(self, factor: float) -> "Descriptor":
        """Return the same functions with every length multiplied by `factor`."""
        return self.model_copy(update=self._times(factor))

    def of_elements(self, symbols: Iterable[str]) -> "Descriptor":
        """Return the functions with what was not given as long as the elements' atoms are large.

        These lengths and widths are scaled by `length_factor`. Raises ValueError where those that
        were given do not go with them.
        """
        factor = length_factor(symbols)
        changes = self._times(factor)
        left = {name: v for name, v in changes.items() if name not in self.model_fields_set}
        made = self.model_copy(update=left)
        try:
            Descriptor.model_validate(made.model_dump())
        except ValidationError as error:
            cause = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ValueError(
                f"training.descriptor: the lengths that are not given are {factor:g} times the "
                f"defaults, as the atoms are of that size, and do not go with those given: {cause}"
            ) from None
        return made

    def _times(self, factor: float) -> dict[str, float]:
        """Return all lengths and widths, scaled."""
        lengths = ["radial_cutoff_A", "radial_start_A", "angular_cutoff_A", "angular_start_A"]
        if self.radial_end_A is not None:
            lengths.append("radial_end_A")
        widths = ("radial_eta", "angular_eta")
        return {name: getattr(self, name) * factor for name in lengths} | {
            name: getattr(self, name) / factor**2 for name in widths
        }


# The settings that the paper's authors published. The weights of the two terms of their loss are
# not among them.
AUTHORS: dict[str, Any] = {
    "layers": (224, 192, 160),
    "activation": "gelu",
    "energy_weight": 1.0,
    "optimiser": "adamw",
    "learning_rate": 1e-3,
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
        description="weight of the stress term of the loss; 0 leaves the stress out",
    )
    huber: Positive | None = Field(
        None,
        exclude_if=lambda value: value is None,  # models without it keep their bytes
        description="errors larger than this, in units of the labels' scale, count by their size "
        "and not by its square, so that a few wrong labels do little harm; the smaller, the less; "
        "0.1 is a good start; null counts all by the square",
    )
    optimiser: Literal["soap", "adamw"] = Field(
        "soap", description="SOAP (Adam in the eigenbasis of the gradients) or AdamW"
    )
    learning_rate: Positive = Field(1e-2, le=1, description="peak learning rate")
    weight_decay: Finite = Field(1e-2, ge=0, description="decoupled weight decay")
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
        None,
        description="use this many, spread over the whole set, or of frames that come in the order "
        "of their worth the first; null for all",
    )
    test: str | None = Field(
        None,
        description="a set that the model is tested on, a key of `sampling`, labelled as its own "
        "frames are; null for those that its distillation or translation names",
    )
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = Field(
        None, description="seed of the training; null for the run's"
    )
    steps: Count | None = Field(
        None, description="optimiser steps of the training; null for training.steps"
    )
