"""Small training sets for neural network potentials, distilled from extended-ensemble sampling."""

from importlib.metadata import version

from potstill.runtime.compile_cache import use_compile_cache

__version__ = version("potstill")

use_compile_cache()  # before any module with compiled functions is loaded
