"""What is asked for apart from the default run."""

from pydantic import Field

from potstill.settings.base import Count, Name, Positive, Section


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


class Properties(Section):
    """Properties of models of an element: `snakemake properties`, no part of `all`."""

    models: tuple[Name, ...] = Field(
        min_length=1, description="the models to compare with the reference, keys of `models`"
    )
    liquid_temperature_K: Positive = Field(
        description="temperature of the liquid; well above melting, or the small cell freezes"
    )
