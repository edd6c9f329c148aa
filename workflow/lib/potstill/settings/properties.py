"""Properties of models, which are asked for apart from a run."""

from pydantic import Field

from potstill.settings.base import Name, Positive, Section


class Properties(Section):
    """Properties of models of an element: `snakemake properties`, no part of `all`."""

    models: tuple[Name, ...] = Field(
        min_length=1, description="the models to compare with the reference, keys of `models`"
    )
    liquid_temperature_K: Positive = Field(
        description="temperature of the liquid; well above melting, or the small cell freezes"
    )
