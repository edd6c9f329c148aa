"""The table of a metal's properties: the reference, and models with their errors."""

from pathlib import Path
from typing import Any

from potstill.errors import PotstillError
from potstill.properties import NAMES, Value, find
from potstill.report.markup import MISSING, Table
from potstill.report.read_results import potential_label, read_summary
from potstill.report.table_files import write_table
from potstill.runtime.files import read_json

# digits after the point by unit
DIGITS = {
    "1": 4, "A": 4, "A^3": 3, "eV": 4, "eV/atom": 4, "meV/atom": 2, "GPa": 1, "mJ/m2": 1, "THz": 3,
}  # fmt: skip


def properties_table(
    reference: Path,
    models: dict[str, Path],
    summaries: dict[str, Path],
    *,
    csv: Path,
    markdown: Path,
    tex: Path,
    page: Path,
) -> None:
    """Write the properties of one element, a row each: the reference's, and each model's.

    reference: the properties with the EAM, or with what else labelled the models' frames. models:
    with each model, by its name. summaries: the training summary of each model, which tells how
    many frames it was trained on. A model has two columns, value and error; where a whole curve
    counts, the error is its distance from the reference's. What could not be had is a dash, with
    its reason below the table in the Markdown file and on the page.
    """
    exact = read_json(reference)
    header = ["element", "property", "unit", exact["model"]]
    columns, notes = [], _notes(exact["model"], exact)
    for model, path in models.items():
        measured = read_json(path)
        if measured["symbol"] != exact["symbol"]:
            raise PotstillError(
                f"{path}: properties of {measured['symbol']}, but {reference} of "
                f"{exact['symbol']}; measure the same"
            )
        label = potential_label(model, read_summary(model, summaries)["frames"])
        header += [label, f"{label}: error"]
        columns.append(_by_name(measured, exact))
        notes += _notes(label, measured)
    cells, groups = [], []
    for name in NAMES:
        own = {value.name: value for value in _values(exact, name)}
        compared = {key: v for column in columns for key, v in column[name].items()}
        for value in (own | {k: v for k, v in compared.items() if k not in own}).values():
            cells.append([exact["symbol"], value.name, value.unit, _cell(own.get(value.name))])
            for column in columns:
                cells[-1] += _with_error(column[name].get(value.name), own.get(value.name))
            groups.append(name)
    write_table(
        f"Properties of {exact['symbol']}",
        Table(header, cells),
        notes,
        groups=groups,
        csv=csv,
        markdown=markdown,
        tex=tex,
        page=page,
    )


def _values(content: dict[str, Any], name: str) -> list[Value]:
    return [Value(**value) for value in _property(content, name).get("values", [])]


def _property(content: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what a file holds of a property, nothing where it was not measured."""
    found: dict[str, Any] = content["properties"].get(name, {})
    return found


def _by_name(measured: dict[str, Any], exact: dict[str, Any]) -> dict[str, dict[str, Value]]:
    """Return a model's values by property and name, with those of compared curves."""
    found: dict[str, dict[str, Value]] = {}
    for name in NAMES:
        values = _values(measured, name)
        curves, reference = (_property(c, name).get("curves") for c in (measured, exact))
        if curves and reference:
            values += find(name).compare(curves, reference)
        found[name] = {value.name: value for value in values}
    return found


def _with_error(value: Value | None, exact: Value | None) -> list[str]:
    """Return a model's two cells; what only compares with the reference is an error already."""
    if value is None:
        return [MISSING, MISSING]
    if exact is None:
        return [MISSING, _cell(value)]
    return [_cell(value), _cell(value._replace(value=value.value - exact.value))]


def _cell(value: Value | None) -> str:
    return MISSING if value is None else f"{value.value:.{DIGITS[value.unit]}f}"


def _notes(label: str, content: dict[str, Any]) -> list[str]:
    """Return lines on one potential: its order of stackings, its noise, and what failed."""
    lines = []
    above: dict[str, float] = {}
    for value in _values(content, "crystal_structures") + _values(content, "stacking_order"):
        crystal, parted, own = value.name.partition(" above ")
        if parted:
            above |= {own: 0.0, crystal: value.value}
    if above:
        order = " < ".join(sorted(above, key=above.__getitem__))
        lines.append(f"{label}: {order}.")
    uncertain = [
        f"{value.name} ± {_cell(value._replace(value=value.uncertainty))} {value.unit}"
        for name in NAMES
        for value in _values(content, name)
        if value.uncertainty is not None
    ]
    if uncertain:
        lines.append(f"{label}, standard errors: {'; '.join(uncertain)}.")
    for name in NAMES:
        if reason := _property(content, name).get("failed"):
            lines.append(f"{label}, no {name}: {reason}.")
    return [" ".join(lines)] if lines else []
