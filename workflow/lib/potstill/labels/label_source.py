"""An ASE calculator that the configuration names, as the source of labels."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from potstill.errors import PotstillError, setting_name


def make_calculator(place: str | None, path: str, arguments: Mapping[str, Any]) -> Any:
    """Return the ASE calculator `path` (`package.module.Class`) made with these arguments.

    The last part may also be a function that returns one. place: the configuration's section, for
    errors, None for the command line. Raises PotstillError, one line, when the module or the name
    is not there, the arguments are refused, or what comes out is no calculator.
    """
    given, takes = (setting_name(place, name) for name in ("calculator", "arguments"))
    module, _, name = path.rpartition(".")
    try:
        factory = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise PotstillError(
            f"{given}: {module} cannot be imported ({_line(error)}); install it into "
            "this environment, or correct the name"
        ) from None
    except AttributeError:
        raise PotstillError(f"{given}: {module} has no {name}; name a class of it") from None
    try:
        calculator = factory(**arguments)
    except PotstillError as error:
        raise PotstillError(f"{takes}: {error}") from None
    except Exception as error:
        raise PotstillError(
            f"{takes}: {path} does not take them ({_line(error)}); see its documentation"
        ) from None
    if not hasattr(calculator, "get_property"):
        raise PotstillError(f"{given}: {path} makes no ASE calculator; name one")
    return calculator


def work_in(calculator: Any, folder: Path) -> None:
    """Let a calculator that runs a program in the present folder do so in one of its own.

    ASE's calculators that run programs have a `command` or a `profile`; one that was given another
    folder keeps it.
    """
    runs_program = hasattr(calculator, "command") or hasattr(calculator, "profile")
    if runs_program and Path(calculator.directory) == Path("."):
        calculator.directory = folder


def _line(error: BaseException) -> str:
    """Return an error's message as one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
