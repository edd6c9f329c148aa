"""Models: an ensemble of networks, its file, calculators and exports.

`load_calculator` and `load_ensemble` are found when they are asked for: they need torch, which
takes two seconds to load, and most jobs that use a module of this package don't.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from potstill.models.ensemble_calculator import load_calculator
    from potstill.models.model_file import load_ensemble

__all__ = ["load_calculator", "load_ensemble"]

_MODULES = {"load_calculator": "ensemble_calculator", "load_ensemble": "model_file"}


def __getattr__(name: str) -> Any:
    """Return one of the two; raises AttributeError for another name."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
