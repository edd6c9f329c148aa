"""Relaxation: perfect crystals with any calculator, and many cells at once with an ensemble."""

from potstill.relaxation.batch import BatchRelaxed, minimise, relax_batch
from potstill.relaxation.benchmark import relax_crystals

__all__ = ["BatchRelaxed", "minimise", "relax_batch", "relax_crystals"]
