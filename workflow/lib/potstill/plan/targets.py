"""Files asked for by name: one line for what the configuration does not have.

Without this the same error comes from an input function, among 30 lines of Snakemake's.
"""

import re
from pathlib import Path

from potstill.errors import PotstillError
from potstill.plan.plan import Plan
from potstill.settings.names import split_symbols


def check_target(plan: Plan, target: str) -> None:
    """Raise PotstillError where a file of this run names a set, a model or an element unknown."""
    parts = Path(target).parts
    if parts[:2] != ("results", plan.settings.run):
        return
    for check in (_check, *plan.checks):
        check(plan, parts[2:])


def _check(plan: Plan, parts: tuple[str, ...]) -> None:
    """Raise PotstillError where a file of the method, given by its folders, can't be made."""
    match parts:
        case ("sampling", element, atoms, file):
            _check_elements(plan, element)
            ensemble = re.split("[^a-z0-9]", file)[0]
            name = f"{element}/{atoms}/{ensemble}"
            plan.setting("sampling", name)
            if file.startswith(f"{ensemble}_"):  # its trace or its validation
                plan.sets.dynamics(name)
        case ("sampling", element, "melting.json" | "coexistence.json"):
            plan.setting("elements", element)
            plan.sets.momt(element)
        case ("plots", "sampling", file):
            plan.sets.dynamics(Path(file).stem.replace("-", "/"))
        case ("models", model, *_):
            plan.model(model)
        case ("relaxation" | "properties", model, file):
            if len(_check_elements(plan, Path(file).stem)) > 1:
                raise PotstillError(
                    f"{'/'.join(parts)}: crystals and properties are of one element at a time; ask "
                    f"for one of {', '.join(plan.settings.elements)}"
                )
            if model == "EAM":
                plan.table(Path(file).stem)
            sources = {labels.name for labels in plan.settings.labels.values()}
            if model != "EAM" and model not in sources:
                plan.model(model)
        case ("distillation" | "exploration" as section, element, *_):
            plan.setting(section, element)
        case ("translation", place, *_):
            plan.setting("translation", place.rpartition("-")[2])


def _check_elements(plan: Plan, system: str) -> tuple[str, ...]:
    """Return the symbols of a system; PotstillError for one that `elements` does not hold."""
    try:
        symbols = split_symbols(system)
    except ValueError:
        symbols = (system,)
    for symbol in symbols:
        plan.setting("elements", symbol)
    return symbols
