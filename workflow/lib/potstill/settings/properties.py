"""Properties of models, which are asked for apart from a run."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from potstill.settings.base import Count, Name, Positive, Section

# In the order of the tables.
PropertyName = Literal[
    "equation_of_state",
    "elastic_constants",
    "crystal_structures",
    "stacking_order",
    "vacancy",
    "surfaces",
    "stacking_fault",
    "phonons",
    "liquid",
]
# What `crystal_structures` tells is more, and in part the same, as what `stacking_order` does.
_USUAL = tuple(name for name in get_args(PropertyName) if name != "crystal_structures")


class PropertySettings(Section):
    """What is measured of a metal, and how large the cells are."""

    measure: tuple[PropertyName, ...] = Field(
        _USUAL,
        min_length=1,
        description="which properties; with a reference that takes minutes for an energy leave out "
        "the liquid, surfaces and the stacking fault",
    )
    liquid_temperature_K: Positive | None = Field(
        None,
        description="temperature of the liquid, where it is measured; well above melting, or the "
        "small cell freezes",
    )
    vacancy_edge_A: Positive = Field(
        13.0,
        description="shortest edge of the cell that lacks an atom; at 13 A the energy is within 2 "
        "meV of that of far larger cells",
    )
    phonon_cells: Count = Field(
        4,
        description="cells along each edge of the supercell of phonons, conventional ones, of hcp "
        "those of two atoms; with 4 the points of high symmetry fit into it, with 2 not those of "
        "bcc",
    )

    @model_validator(mode="after")
    def _liquid_is_hot(self) -> Self:
        if "liquid" in self.measure and self.liquid_temperature_K is None:
            raise ValueError("liquid_temperature_K is missing; give it, or list `measure` without")
        return self


class Properties(PropertySettings):
    """Properties of models of an element: `snakemake properties`, no part of `all`."""

    models: tuple[Name, ...] = Field(
        min_length=1, description="the models to compare with the reference, keys of `models`"
    )
    reference: str | None = Field(
        None,
        description="file of a reference that was measured already, as "
        "results/<run>/properties/<name>/<element>.json; null measures it with what labelled the "
        "models' frames",
    )
