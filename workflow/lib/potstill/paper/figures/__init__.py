"""The figures: one function each, from result files to .pdf, .png or .svg."""

from potstill.paper.figures.coverage import figure_s1, figure_s3
from potstill.paper.figures.curves import figure_2a, figure_2b
from potstill.paper.figures.energy_volume import energy_volume
from potstill.paper.figures.models import figure_s2
from potstill.paper.figures.parity import parity
from potstill.paper.figures.workflow import figure_1

__all__ = [
    "energy_volume",
    "figure_1",
    "figure_2a",
    "figure_2b",
    "figure_s1",
    "figure_s2",
    "figure_s3",
    "parity",
]
