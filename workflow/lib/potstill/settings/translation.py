"""Translation to other elements, and labels of another source."""

from typing import Any, Self

from pydantic import Field, model_validator

from potstill.settings.base import Count, Factors, Positive, Proportion, Section, Share

# Of the frames of a turn of an exploration: it goes on as long as one has labels. Models lead to
# frames at which a code fails, and the usual share of eight frames is none.
_FAILED_OF_TURN = 0.99


class Translation(Section):
    """Transfer of the distilled geometries to another element."""

    source: str = Field(description="element whose distilled frames are translated")
    test: str | None = Field(
        None,
        description="the target's own set that tests models of translated frames, a key of "
        "`sampling`, never trained on; null for none",
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
    bain_share: Proportion = Field(
        0.0, description="share of the crystals that are stretched from FCC to BCC (Bain path)"
    )


class Labels(Section):
    """Labels of an element's frames by another ASE calculator than the EAM; see docs/labels.md."""

    calculator: str = Field(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$",
        description="class of the calculator with its module, as `ase.calculators.emt.EMT`",
    )
    arguments: dict[str, Any] = Field({}, description="arguments by name to make it with")
    unrelated: tuple[str, ...] = Field(
        (),
        description="arguments that the labels do not depend on, as `[command]`: when they change, "
        "finished labels stay good",
    )
    stress: bool = Field(
        True,
        description="whether the stress is a label; false for a code whose stress is not converged "
        "where its energies and forces are, as of plane waves with a low cut-off",
    )
    chunks: Count = Field(1, description="parts of the frames, one job each")
    failed_share: Share = Field(
        0.05,
        description="share of the frames that may fail, as by not converging, and are left out; "
        "with more the job ends in an error",
    )

    @model_validator(mode="after")
    def _known_arguments(self) -> Self:
        for name in self.unrelated:
            if name not in self.arguments:
                known = ", ".join(self.arguments) or "empty"
                raise ValueError(f"unrelated: '{name}' is not a key of `arguments` ({known})")
        return self

    def at(self, place: str) -> "Labels":
        """Return how the frames in a folder of the run are labelled."""
        of_turn = place.startswith("exploration/")
        return self.model_copy(update={"failed_share": _FAILED_OF_TURN}) if of_turn else self

    @property
    def essence(self) -> dict[str, Any]:
        """What the labels depend on: the calculator and its arguments but the unrelated ones."""
        arguments = {k: v for k, v in self.arguments.items() if k not in self.unrelated}
        without = {} if self.stress else {"stress": False}
        return {"calculator": self.calculator, "arguments": arguments} | without

    @property
    def name(self) -> str:
        """Name of the calculator, in tables and file names: its class."""
        return self.calculator.rpartition(".")[2]
