"""Training: ANI-type descriptors, an ensemble of networks, its model file and calculator."""

from potstill.training.calculator import load_calculator
from potstill.training.model_file import load_ensemble

__all__ = ["load_calculator", "load_ensemble"]
