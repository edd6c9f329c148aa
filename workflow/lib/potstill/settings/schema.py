"""The JSON schema of a configuration, for editors: `python -m potstill.settings.schema`.

It says what a file alone can tell: names, types, limits, and what is required. What sections ask of
each other, as a model of the set that it is trained on, only `load_settings` sees. With `--change`
it is the schema of a file that goes on top of another, in which nothing is required.
"""

import sys
from collections.abc import Callable
from typing import Any

import yaml
from pydantic.json_schema import GenerateJsonSchema

from potstill.settings.configuration import Settings
from potstill.settings.names import FIELDS, SET, SYMBOL
from potstill.settings.sampling import MOMT_GIVEN, MOMT_RULE

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """Pydantic's schema without titles of fields, which only repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema(*, change: bool = False) -> Schema:
    """Return the schema of a configuration, or of a change of another one."""
    made = Settings.model_json_schema(schema_generator=_Generator)
    _each(made, _closed)
    sections = made["properties"]
    sections["sampling"]["propertyNames"] = _exactly(SET.make(**FIELDS))
    for name in ("elements", "translation", "properties"):
        sections[name]["propertyNames"] = _exactly(SYMBOL)
    for name in ("distillation", "labels"):
        sections[name]["propertyNames"] = _exactly(FIELDS["element"])
    _melting_temperature(made["$defs"]["Momt"])
    if change:
        _each(made, _optional)
    made["title"] = "A change of a configuration" if change else "A configuration"
    definitions = made.pop("$defs")
    return {"$schema": _DIALECT, **made, "$defs": definitions}


def text(*, change: bool = False) -> str:
    """Return the schema's file."""
    said = "# Made by `make config-reference` from `potstill.settings`; do not edit.\n"
    return said + yaml.safe_dump(schema(change=change), sort_keys=False, width=100)


def _each(node: Any, edit: Callable[[Schema], None]) -> None:
    """Edit every schema inside a schema, the innermost first."""
    for inner in node.values() if isinstance(node, dict) else node:
        if isinstance(inner, dict | list):
            _each(inner, edit)
    if isinstance(node, dict):
        edit(node)


def _closed(node: Schema) -> None:
    """Refuse names that no pattern allows; leave out defaults that repeat a section's own."""
    if "patternProperties" in node:
        node["additionalProperties"] = False
    if isinstance(node.get("default"), dict):
        del node["default"]
    # the sampled sets, told apart by `method`; a change need not name it
    if "discriminator" in node:
        del node["discriminator"]
        node["anyOf"] = node.pop("oneOf")


def _optional(node: Schema) -> None:
    """Require nothing."""
    if isinstance(node.get("required"), list):
        del node["required"]


def _exactly(pattern: str) -> Schema:
    return {"pattern": f"^{pattern}$"}


def _melting_temperature(momt: Schema) -> None:
    """Let a set of a known melting temperature leave out what follows from it."""
    nothing = {"type": "null"}
    for name in MOMT_RULE:
        field = momt["properties"][name]
        number = {key: field.pop(key) for key in ("type", "exclusiveMinimum")}
        momt["properties"][name] = {"anyOf": [number, nothing], **field}
    momt["required"] = [name for name in momt["required"] if name not in MOMT_RULE]
    momt["anyOf"] = [
        {"required": list(names), "properties": {name: {"not": nothing} for name in names}}
        for names in (("melting_temperature_K",), MOMT_GIVEN)
    ]


if __name__ == "__main__":
    print(text(change=sys.argv[1:] == ["--change"]), end="")
