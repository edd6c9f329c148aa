"""What to say of a bad configuration: one line for each setting, with the cure."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import shorten
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

LONGEST_LINE = 500  # of an error, which tells what was given
# The discriminator adds the method to the path of a set, after its name.
_TAGGED, _TAG = "sampling", 2


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the one of `known` that looks like a slip of it, else ""."""
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(given.lower(), names, n=1, cutoff=0.7)
    return f"; did you mean '{names[close[0]]}'?" if close else ""


def complaints(
    error: ValidationError,
    config: Mapping[str, Any],
    model: type[BaseModel],
    source: str = "configuration",
) -> Iterator[str]:
    """Yield one line for each bad setting of a configuration that `model` refused.

    source: what lines begin with, as the file's name.
    """
    for item in error.errors():
        parts = list(map(str, item["loc"]))
        if parts[:1] == [_TAGGED]:
            del parts[_TAG : _TAG + 1]
        place = ".".join(parts)
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = "no such setting"
            cure = _hint(item, config, model) or "; see config/README.md for the names"
        else:
            cure = _hint(item, config, model)
        given = "" if isinstance(item["input"], dict) else f" (given: {item['input']!r})"
        line = f"{source}: {place + ': ' if place else ''}{message}{given}{cure}"
        yield shorten(line, LONGEST_LINE, placeholder=" ...")


def _hint(item: ErrorDetails, config: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Return the name that was probably meant."""
    loc, kind, context = item["loc"], item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        return did_you_mean(str(loc[-1]), _names_at(model, loc[:-1]))
    expected = context.get("expected" if kind == "literal_error" else "expected_tags")
    if expected is not None:
        given = context.get("tag", item["input"])
        return did_you_mean(str(given), re.findall(r"'([^']+)'", str(expected)))
    if kind in ("missing", "union_tag_not_found") and len(loc) > 1:
        # an entry that lacks what it must have: perhaps one that is there was to be changed
        others = [str(name) for name in config.get(str(loc[0]), {}) if name != loc[1]]
        return did_you_mean(str(loc[1]), others)
    return ""


def _names_at(model: type[BaseModel], place: Sequence[str | int]) -> Iterable[str]:
    """Return the names of the settings in the section at a place of the configuration."""
    at: Any = model
    for part in place:
        if isinstance(at, type) and issubclass(at, BaseModel):
            at = at.model_fields[str(part)].annotation
            continue
        if get_origin(at) is Annotated:
            at = get_args(at)[0]
        if get_origin(at) is dict:
            at = get_args(at)[1]
        else:  # a union of sections, told apart by their `method`
            at = next(
                s for s in get_args(at) if part in get_args(s.model_fields["method"].annotation)
            )
    return at.model_fields if isinstance(at, type) and issubclass(at, BaseModel) else ()
