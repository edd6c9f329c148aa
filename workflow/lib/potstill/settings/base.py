"""What all sections share, the potentials' tables and the elements."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from potstill.settings.crystals import CrystalName, volume_per_atom_A3

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1)]
Proportion = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Range = tuple[Finite, Finite]
Factors = Annotated[tuple[Positive, ...], Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


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
    """One chemical element that has a crystal, as stages that build crystals know it."""

    table: Name | None
    structure: CrystalName
    lattice_constant_A: Positive
    c_over_a: Positive | None = None

    @property
    def volume_per_atom_A3(self) -> float:
        """Volume of an atom in the element's own crystal, A^3."""
        return volume_per_atom_A3(self.structure, self.lattice_constant_A, self.c_over_a)


class ElementGiven(Section):
    """One chemical element: its potential and its crystal, which sets from files do without."""

    table: Name | None = Field(
        None,
        description="name of the EAM table, a key of `potentials`; whatever is sampled, translated "
        "to, or compared with the EAM needs it",
    )
    structure: CrystalName | None = Field(
        None,
        description="the crystal at zero temperature; sampling and properties need it; what is "
        "sampled starts from fcc or bcc",
    )
    lattice_constant_A: Positive | None = Field(
        None,
        description="conventional lattice constant with this EAM, of hcp: a; needed where the "
        "structure is",
    )
    c_over_a: Positive | None = Field(
        None,
        exclude_if=lambda value: value is None,  # results of cubic metals keep their parameters
        description="of hcp; null for the ideal one, 1.633",
    )

    @model_validator(mode="after")
    def _of_hcp(self) -> Self:
        if self.c_over_a is not None and self.structure != "hcp":
            raise ValueError("c_over_a is of hcp; leave it out, or set structure to hcp")
        return self

    @property
    def has_crystal(self) -> bool:
        """Whether the crystal is given."""
        return self.structure is not None and self.lattice_constant_A is not None

    def known(self, symbol: str, place: str, *, table: bool = False) -> Element:
        """Return this element with its crystal, which what stands at a place needs.

        ValueError where the crystal is not given, or, with `table`, no potential.
        """
        needed = (*(["table"] if table else []), "structure", "lattice_constant_A")
        if lacking := [n for n in needed if getattr(self, n) is None]:
            raise ValueError(
                f"{place} needs {' and '.join(f'elements.{symbol}.{name}' for name in lacking)}; "
                "give what is missing"
            )
        return Element.model_validate(self.model_dump())
