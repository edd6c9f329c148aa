"""The figures: one function each, from result files to .pdf, .png or .svg."""

from potstill.paper.figures.diagnostics import momt_diagnostics, npt_diagnostics
from potstill.paper.figures.distillation import figure_2a, figure_2b
from potstill.paper.figures.errors import figure_errors
from potstill.paper.figures.models import figure_s2
from potstill.paper.figures.overview import figure_1
from potstill.paper.figures.parity import parity
from potstill.paper.figures.sampling import figure_s1, figure_s3
from potstill.paper.figures.translation import energy_volume

__all__ = [
    "energy_volume",
    "figure_1",
    "figure_2a",
    "figure_2b",
    "figure_errors",
    "figure_s1",
    "figure_s2",
    "figure_s3",
    "momt_diagnostics",
    "npt_diagnostics",
    "parity",
]
