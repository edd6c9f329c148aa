"""Properties of a metal with any calculator, one file each: a module named `x` is property `x`.

A module has a function `measure` of a `Metal` that returns `Measured`. Where a whole curve counts
it keeps the curve, and has a function `compare` of a model's curves and the reference's that
returns further values. A new property is a new file and its name in `settings.PropertyName`.
"""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, cast, get_args

from potstill.errors import PotstillError
from potstill.properties.metal import Metal
from potstill.settings import PropertyName, PropertySettings

NAMES: tuple[PropertyName, ...] = get_args(PropertyName)
Curves = Mapping[str, Sequence[float]]


class Value(NamedTuple):
    """A number with its unit; uncertainty: its statistical standard error, if it has one."""

    name: str
    unit: str
    value: float
    uncertainty: float | None = None


@dataclass(frozen=True)
class Measured:
    """What a property is: values, and curves by name, each a list of numbers."""

    values: list[Value]
    curves: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Conditions:
    """What a property depends on beside the metal."""

    settings: PropertySettings
    seed: int


class Property(Protocol):
    """The type of a property's module."""

    def measure(self, metal: Metal, conditions: Conditions) -> Measured:
        """Return the property; PotstillError with the reason if it cannot be had."""
        ...

    def compare(self, curves: Curves, reference: Curves) -> list[Value]:
        """Return how far a model's curves are from the reference's."""
        ...


def find(name: str) -> Property:
    """Return the property called `name`; PotstillError for a library that is not installed."""
    try:
        return cast(Property, importlib.import_module(f"{__name__}.{name}"))
    except ModuleNotFoundError as error:
        raise PotstillError(
            f"the property {name} needs {error.name}; pip install 'potstill[properties]'"
        ) from None
