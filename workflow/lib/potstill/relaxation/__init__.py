"""Relaxation: crystals and properties with any calculator, many cells at once with an ensemble."""

from potstill.relaxation.batch import BatchRelaxed, minimise, relax_batch
from potstill.relaxation.benchmark import relax_crystals
from potstill.relaxation.calculators import open_calculator

__all__ = ["BatchRelaxed", "minimise", "open_calculator", "relax_batch", "relax_crystals"]
