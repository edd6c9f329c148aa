"""Small training sets for neural network potentials, distilled from extended-ensemble sampling."""

from importlib.metadata import version

__version__ = version("potstill")
