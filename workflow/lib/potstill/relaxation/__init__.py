"""Relaxation, by two relaxers that find the same minima (docs/using-a-model.md, Relax).

`relax.relax`: one perfect crystal with any ASE calculator, held in its symmetry, by ASE's BFGS. The
tables' crystals (rule `relax`, by `relax_crystals`) and the properties' are relaxed by it.

`relax_batch`: many structures of any sizes with a committee, all together, each free to go where
its forces lead. It is for frames; no rule has any to relax.
"""

from potstill.relaxation.batch import BatchRelaxed, minimise, relax_batch
from potstill.relaxation.benchmark import relax_crystals
from potstill.relaxation.calculators import open_calculator

__all__ = ["BatchRelaxed", "minimise", "open_calculator", "relax_batch", "relax_crystals"]
