"""The configuration: names, defaults, limits and units of every setting."""

from potstill.settings.base import (
    Count,
    Element,
    ElementGiven,
    Factors,
    Finite,
    Name,
    Positive,
    Range,
    Section,
    Table,
)
from potstill.settings.configuration import Settings, load_settings
from potstill.settings.crystals import ATOMS_PER_CELL, IDEAL_C_OVER_A, CrystalName
from potstill.settings.distillation import Distillation, StrategyName
from potstill.settings.exploration import Exploration, ModelDynamics, ModelRun, ModelRuns
from potstill.settings.names import split_sampled, split_set
from potstill.settings.paper import Comparison, NativeStrategy, Paper, Study
from potstill.settings.properties import Properties, PropertyName, PropertySettings
from potstill.settings.sampling import (
    MOMT_GIVEN,
    MOMT_RULE,
    AnySet,
    FileSet,
    Foundational,
    GivenSet,
    Momt,
    Npt,
    UnlabelledSet,
)
from potstill.settings.training import AUTHORS, KEPT_BYTES, Descriptor, Model, Training
from potstill.settings.translation import Labels, Translation

__all__ = [
    "ATOMS_PER_CELL",
    "AUTHORS",
    "IDEAL_C_OVER_A",
    "KEPT_BYTES",
    "MOMT_GIVEN",
    "MOMT_RULE",
    "AnySet",
    "Comparison",
    "Count",
    "CrystalName",
    "Descriptor",
    "Distillation",
    "Element",
    "ElementGiven",
    "Exploration",
    "Factors",
    "FileSet",
    "Finite",
    "Foundational",
    "GivenSet",
    "Labels",
    "Model",
    "ModelDynamics",
    "ModelRun",
    "ModelRuns",
    "Momt",
    "Name",
    "NativeStrategy",
    "Npt",
    "Paper",
    "Positive",
    "Properties",
    "PropertyName",
    "PropertySettings",
    "Range",
    "Section",
    "Settings",
    "StrategyName",
    "Study",
    "Table",
    "Training",
    "Translation",
    "UnlabelledSet",
    "load_settings",
    "split_sampled",
    "split_set",
]
