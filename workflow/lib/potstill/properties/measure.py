"""All properties of one metal with one calculator, written as one file."""

from pathlib import Path
from typing import Any

from ase.calculators.calculator import Calculator

from potstill.errors import PotstillError
from potstill.properties import Conditions, find
from potstill.properties.metal import Metal
from potstill.relaxation.calculators import open_calculator
from potstill.runtime.files import write_json
from potstill.runtime.progress import say
from potstill.settings import Element, ElementGiven, PropertySettings, Settings


def measure_model(
    *,
    potential: Path | None = None,
    model: str,
    symbol: str,
    element: ElementGiven,
    settings: PropertySettings,
    seed: int,
    configuration: Settings,
    store: Path,
    output: Path,
) -> None:
    """Measure the properties of one element with a reference or with a model.

    potential: a trained ensemble, or the table of the EAM. The reference may be the calculator that
    the configuration names for labels, see `open_calculator`; what it calculates is kept in
    `store`, so that a job that is ended goes on.
    """
    calculator = open_calculator(
        model,
        potential,
        symbol,
        labels=configuration.labels.get(symbol),
        folder=output.with_suffix(".work"),
        store=store,
    )
    measure_properties(
        calculator,
        model=model,
        symbol=symbol,
        element=element.known(symbol, f"properties.{symbol}"),
        conditions=Conditions(settings, seed),
        output=output,
    )


def measure_properties(
    calculator: Calculator,
    *,
    model: str,
    symbol: str,
    element: Element,
    conditions: Conditions,
    output: Path,
) -> None:
    """Measure the properties that the conditions name, and write them as JSON.

    The file holds `model`, `symbol`, and `properties` by name: their `values` (name, unit, value,
    uncertainty) and `curves`. A property that cannot be had has `failed`, the reason, in their
    place. Raises PotstillError when not even the crystal relaxes, or a library is missing.
    """
    properties = {name: find(name) for name in conditions.settings.measure}
    metal = Metal.relaxed(symbol, element, calculator)
    found: dict[str, Any] = {}
    for name, module in properties.items():
        try:
            measured = module.measure(metal, conditions)
        except PotstillError as error:
            found[name] = {"failed": str(error)}
            say(f"properties: {symbol} with {model}: no {name}: {error}")
            continue
        found[name] = {
            "values": [value._asdict() for value in measured.values],
            "curves": measured.curves,
        }
        for value in measured.values:
            say(f"properties: {symbol} with {model}: {value.name} {value.value:.5g} {value.unit}")
    write_json(output, {"model": model, "symbol": symbol, "properties": found})
