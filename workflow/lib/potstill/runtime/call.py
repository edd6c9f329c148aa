"""Calls the function that a rule names, with the rule's files and values.

A rule's `params.call` is a function of the library and its version, as
`relaxation.benchmark.relax_model 5f3a91c02b7d`. What it is given has the same names in the rule:

- the named inputs and outputs, as paths; one output without a name is `output`;
- the params, and the params in `arguments`, a dict; each becomes what the annotation says, so that
  a section of the settings comes as its class;
- an input and a param of one name together: a mapping, from what the param lists to the files;
- the wildcards, `threads`, and `configuration`, the settings of the whole run, where it asks.

The params `call`, `caption` and `depends_on` are not given: Snakemake makes a result again when
they change, and shows the caption.
"""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from potstill.errors import PotstillError
from potstill.settings import load_settings
from potstill.versions import FILE, library

NOT_GIVEN = {"call", "caption", "depends_on", "arguments"}


def find(name: str) -> Callable[..., Any]:
    """Return the library's function of a name like `relaxation.benchmark.relax_model`."""
    module, _, function = name.partition(" ")[0].rpartition(".")
    found: Callable[..., Any] = getattr(import_module(f"potstill.{module}"), function)
    return found


def check_version(name: str) -> None:
    """Raise PotstillError where the library of a job is not the one that planned it.

    A conda environment that clones share, or an old one, has the library of another clone.
    """
    function = name.partition(" ")[0]
    if library(function) != name:
        raise PotstillError(
            f"{name} was planned, but the library in {FILE.parent} has {library(function)}; "
            "install the clone whose Snakefile runs, or remove the job's conda environment"
        )


def given_by(snakemake: Any) -> dict[str, Any]:
    """Return what a job gives its function by name; TypeError where two things have one name."""
    outputs = dict(snakemake.output.items()) or {"output": snakemake.output[0]}
    params = {k: v for k, v in snakemake.params.items() if k not in NOT_GIVEN}
    params |= snakemake.params.get("arguments", {})
    files = dict(snakemake.input.items())
    for name in files.keys() & params.keys():
        files[name] = dict(zip(params.pop(name), files[name], strict=True))
    parts = (files, outputs, params)
    names = [name for part in parts for name in part]
    if len(names) != len(set(names)):
        raise TypeError(f"rule {snakemake.rule}: two things of one name among {names}")
    return files | outputs | params


def arguments_of(
    function: Callable[..., Any], given: Mapping[str, Any], offered: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a function's arguments: all that is given, and what it asks of what is offered.

    Each is converted to its annotation. TypeError where the function does not take what is given,
    or asks for what is not there.
    """
    known = inspect.signature(function).parameters
    if extra := given.keys() - known.keys():
        raise TypeError(f"{function.__name__} takes no {', '.join(sorted(extra))}")
    values = {name: offered[name] for name in known if name in offered} | dict(given)
    needed = {name for name, p in known.items() if p.default is inspect.Parameter.empty}
    if missing := needed - values.keys():
        raise TypeError(f"{function.__name__} is not given {', '.join(sorted(missing))}")
    hints = get_type_hints(function, include_extras=True)
    return {name: TypeAdapter(hints[name]).validate_python(v) for name, v in values.items()}


def call(snakemake: Any) -> None:
    """Call the function of a job, see above."""
    check_version(snakemake.params.call)
    function = find(snakemake.params.call)
    offered = {**dict(snakemake.wildcards.items()), "threads": snakemake.threads}
    if "configuration" in inspect.signature(function).parameters:
        offered["configuration"] = load_settings(snakemake.config)
    function(**arguments_of(function, given_by(snakemake), offered))
