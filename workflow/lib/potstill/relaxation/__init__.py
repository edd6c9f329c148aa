"""Perfect crystals relaxed with the reference potential and with each trained model."""

from potstill.relaxation.benchmark import relax_crystals

__all__ = ["relax_crystals"]
