"""The configuration: names, defaults, limits and units of every setting."""

from potstill.settings.apart import Properties, Reproduction
from potstill.settings.base import (
    ATOMS_PER_CELL,
    Count,
    Element,
    Factors,
    Finite,
    Name,
    Positive,
    Range,
    Section,
    Table,
)
from potstill.settings.configuration import (
    Settings,
    is_relabelled,
    load_settings,
    split_set,
    symbol_of,
)
from potstill.settings.distillation import Distillation, NativeStrategy, StrategyName, Study
from potstill.settings.sampling import MOMT_GIVEN, MOMT_RULE, Momt, Npt
from potstill.settings.training import AUTHORS, KEPT_BYTES, Descriptor, Model, Training
from potstill.settings.translation import Labels, Translation

__all__ = [
    "ATOMS_PER_CELL",
    "AUTHORS",
    "KEPT_BYTES",
    "MOMT_GIVEN",
    "MOMT_RULE",
    "Count",
    "Descriptor",
    "Distillation",
    "Element",
    "Factors",
    "Finite",
    "Labels",
    "Model",
    "Momt",
    "Name",
    "NativeStrategy",
    "Npt",
    "Positive",
    "Properties",
    "Range",
    "Reproduction",
    "Section",
    "Settings",
    "StrategyName",
    "Study",
    "Table",
    "Training",
    "Translation",
    "is_relabelled",
    "load_settings",
    "split_set",
    "symbol_of",
]
