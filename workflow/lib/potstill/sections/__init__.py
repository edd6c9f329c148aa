"""The sections of the configuration: names, defaults, limits and units of every setting."""

from potstill.sections.apart import Properties, Reproduction
from potstill.sections.base import (
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
from potstill.sections.distillation import Distillation, NativeStrategy, StrategyName, Study
from potstill.sections.sampling import MOMT_GIVEN, MOMT_RULE, Momt, Npt
from potstill.sections.training import AUTHORS, KEPT_BYTES, Descriptor, Model, Training
from potstill.sections.translation import Labels, Translation

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
    "StrategyName",
    "Study",
    "Table",
    "Training",
    "Translation",
]
